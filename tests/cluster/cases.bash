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
