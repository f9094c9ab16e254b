# The cases: each is a function case_NAME, run in a shell of its own with -e in the folder of the runs.

# Nothing happens.
case_srun() {
  submit srun
  finish "$job"
  said srun.out "3 ranks: 3 data-parallel x 1 tensor-parallel"
  same srun
}

case_mpirun() {
  LAUNCHER=mpirun submit mpirun
  finish "$job"
  said mpirun.out "3 ranks: 3 data-parallel x 1 tensor-parallel"
  same mpirun
}

# requeued RUN TEXT: after something happened to $job: it was stopped with this message, and goes on to the same prompt.
requeued() {
  until_true 60 was_requeued "$job"
  finish "$job"
  said "$1.out" "$2"
  said "$1.out" "going on from step"
  same "$1"
}

case_preempt() {
  submit preempt
  until_step preempt 5
  sbatch --nodes=3 --exclusive --partition=high --output=/dev/null --wrap="sleep 1"
  requeued preempt "stopped by"
}

case_preempt_mpirun() {
  LAUNCHER=mpirun submit preempt-mpirun
  until_step preempt-mpirun 30
  sbatch --nodes=3 --exclusive --partition=high --output=/dev/null --wrap="sleep 1"
  requeued preempt-mpirun "ranks"
}

signalled() {
  local run=$1; shift
  submit "$run"
  until_step "$run" 5
  scancel "$@" "$job"
  requeued "$run" "pretrain.sbatch: exit code 3; requeueing job $job"
}
case_usr1() { signalled usr1 --signal=USR1; }
case_term() { signalled term --signal=TERM; }
case_usr1_mpirun() { LAUNCHER=mpirun signalled usr1-mpirun --signal=USR1; }
case_usr1_to_script_mpirun() { LAUNCHER=mpirun signalled usr1-to-script-mpirun --batch --signal=USR1; }

# A job that is cancelled ends with a checkpoint and stays ended; the same command goes on.
case_scancel() {
  submit scancel
  until_step scancel 5
  scancel "$job"
  until_true 30 in_state "$job" CANCELLED
  said scancel.out "stopped by"
  sleep 2
  in_state "$job" CANCELLED || fail "job $job is $(state_of "$job")"
  submit scancel
  finish "$job"
  said scancel.out "going on from step"
  same scancel
}

# Four ranks without Slurm; something happens to the third. ranks RUN: starts them; the third's process is $third.
ranks() {
  "$root/scripts/ranks" 4 "$PRELUDE" pretrain --backbone backbone --corpus corpus --output "$1" "${options[@]}" --collective-timeout 5 \
    > "$1.out" 2>&1 &
  launcher=$!
  local end=$((SECONDS + 60))
  until reached "$1" 5; do [ $SECONDS -lt $end ] || fail "not in time: step 5 of $1"; sleep 0.1; done
  third=$(for p in $(processes_of "$1"); do
    tr '\0' '\n' < "/proc/$p/environ" | grep -q -x OMPI_COMM_WORLD_RANK=2 && echo "$p"; done)
  [ -n "$third" ] || fail "no rank 2"
}

# ended RUN SECONDS: the four ranks are gone, within SECONDS from now, and the launcher says so.
ended() {
  local began=$EPOCHREALTIME code=0
  until_true 60 gone "$1"
  wait "$launcher" || code=$?
  local took; took=$(bc <<< "scale=1; ($EPOCHREALTIME - $began) / 1")
  echo "said: all gone after $took s, exit code $code"
  [ "$(bc <<< "$took <= $2")" = 1 ] || fail "$took s are more than $2"
  [ $code != 0 ] || fail "exit code 0"
}

again() {
  "$root/scripts/ranks" 4 "$PRELUDE" pretrain --backbone backbone --corpus corpus --output "$1" "${options[@]}" >> "$1.out" 2>&1
  same "$1"
}

case_kill_9() {
  ranks kill-9
  kill -9 "$third"
  ended kill-9 6
  said kill-9.out "rank 2"
  again kill-9
}

case_sigstop() {
  ranks sigstop
  kill -STOP "$third"
  ended sigstop 6
  said sigstop.out "rank 2"
  again sigstop
}

# A power cut: the others say whom they miss, or Slurm does; the job goes on when the host is there again.
case_host_killed() {
  ARGUMENTS="$ARGUMENTS --collective-timeout 5" submit host-killed
  until_step host-killed 30
  minicluster kill n2
  until_true 60 was_requeued "$job"
  minicluster boot n2
  until_true 60 all_idle
  finish "$job" 180
  said host-killed.out "rank 1 on n2"
  said host-killed.out "going on from step"
  same host-killed
}

# An unplugged cable looks the same from rank 0, but the cut-off rank is alive and has to end by itself.
case_network_cut() {
  ARGUMENTS="$ARGUMENTS --collective-timeout 5" submit network-cut
  until_step network-cut 30
  minicluster cut n2
  local began=$SECONDS
  until_true 30 grep -q "rank 1 on n2" network-cut.out
  echo "said: named after $((SECONDS - began)) s"
  until_true 60 gone network-cut
  minicluster heal n2
  until_true 90 was_requeued "$job"
  finish "$job" 180
  said network-cut.out "rank 1 on n2"
  said network-cut.out "going on from step"
  same network-cut
}

# Slurm looks at time limits twice a minute: the run must be longer than that, and is compared with one of its length.
case_time_limit() {
  local longer=${ARGUMENTS/--steps 120/--steps 1500}
  ARGUMENTS=$longer submit time-limit --time=1 --signal=B:USR1@30
  until_true 120 was_requeued "$job"
  finish "$job" 400
  said time-limit.out "stopped by SIGUSR1"
  said time-limit.out "requeueing job $job"
  said time-limit.out "going on from step"
  rm -rf uninterrupted-long
  "$PRELUDE" pretrain --backbone backbone --corpus corpus --output uninterrupted-long $longer > /dev/null 2>&1
  same time-limit uninterrupted-long
}

# Two lines and two seeds: four runs, one host each.
case_array() {
  printf '%s\n' "--learning-rate 0.3" "--learning-rate 0.1 --init-text 'two words' --init text" > array.grid
  mkdir -p array
  job=$(OUTPUT=array GRID=array.grid SEEDS="1 2" ARGUMENTS="${ARGUMENTS/--steps 120/--steps 4}" \
    sbatch --parsable --nodes=1 --array=0-3 --output=array.%a.out "$root/launch/slurm/pretrain.sbatch")
  for run in 0 1 2 3; do until_true 90 grep -q "^Done" "array.$run.out"; done
  grep -q "seed = 2" array/3/config.ini || fail "no seed 2 in array/3"
  grep -q "init-text = two words" array/2/config.ini || fail "no init-text in array/2"
  echo "said: $(ls array | wc -l) runs of one array are done"
}

# refused NAME TEXT COMMAND ...: three hosts run this; it ends with code 2 and this one line.
refused() {
  local name=$1 text=$2 code=0; shift 2
  timeout 60 srun --mpi=pmix --wait=30 --nodes=3 --ntasks=3 "$@" > "$name.refused" 2>&1 || code=$?
  said "$name.refused" "$text"
  [ "$(grep -c 'prelude: error:' "$name.refused")" = 1 ] || { cat "$name.refused"; fail "$name: not one line"; }
  [ $code = 2 ] || { cat "$name.refused"; fail "$name: exit code $code"; }
}

case_bad_launches() {
  local pretrain=("$PRELUDE" pretrain --backbone backbone "${options[@]}")
  refused run-folder "--output: '/tmp/run' on host n1 is not the folder that rank 1 sees on host n2" \
    "${pretrain[@]}" --corpus corpus --output /tmp/run
  srun --nodes=3 --ntasks=3 bash -c '[ $SLURM_PROCID != 0 ] || cp -r corpus /tmp/corpus'
  refused corpus-folder "/tmp/corpus" "${pretrain[@]}" --corpus /tmp/corpus --output bad
  refused backbone-folder "/tmp/backbone" bash -c '
    [ $SLURM_PROCID != 0 ] || cp -r backbone /tmp/backbone
    exec "$@"' - "$PRELUDE" pretrain --backbone /tmp/backbone "${options[@]}" --corpus corpus --output bad
  rm -rf other-backbone
  "$PRELUDE" backbone create --shape tiny --tokenizer "$root/data/tokenizer/spiece.model" --output other-backbone --seed 9
  refused other-backbone "--backbone '/tmp/other' has other weights on host n2 than on host n1" bash -c '
    [ $SLURM_PROCID = 0 ] && cp -r backbone /tmp/other || cp -r other-backbone /tmp/other
    exec "$@"' - "$PRELUDE" pretrain --backbone /tmp/other "${options[@]}" --corpus corpus --output bad
}
