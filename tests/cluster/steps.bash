# What the cases are written with. Sourced by `run`; every function is called in a case's own shell, where the first failure ends it.

options=(--steps 120 --global-batch 128 --micro-batch 4 --max-source 128 --prompt-length 20 --threads 1 --device cpu
  --validation-examples 16 --checkpoint-every 25 --reduction ordered)
export OMP_NUM_THREADS=1
# Several ranks of a host's address space, and root: what mpirun has to be told here.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_btl_tcp_if_include=10.77.0.0/24 OMPI_MCA_oob_tcp_if_include=10.77.0.0/24
export PRELUDE BACKBONE=backbone CORPUS=corpus ARGUMENTS="${options[*]}"

skip() { echo "SKIPPED: $# cases on a cluster ($*): $reason"; exit 77; }

require_cluster() {
  local reason=""
  [ -x "$MINICLUSTER" ] || [ -r "$MINICLUSTER" ] || reason="no minicluster tool (set MINICLUSTER)"
  for tool in sbatch slurmctld slurmd munged ip mpirun; do
    command -v $tool > /dev/null || reason="$tool is not installed (scripts/setup --checks)"
  done
  [ "$(id -u)" = 0 ] || reason="it needs root"
  [ -n "$reason" ] || unshare -n -u -i -m true 2> /dev/null || reason="this machine lets root make no namespaces"
  [ -z "$reason" ] || skip "$@"
}

minicluster() { bash "$MINICLUSTER" "$@"; }

# Takes a cluster that is up as it is, and leaves it up.
start_cluster() {
  ours=no
  export SLURM_CONF=${MINICLUSTER_DIR:-/srv/minicluster}/slurm.conf
  if [ "$(timeout 10 sinfo -h -N -p low 2> /dev/null | wc -l)" = 3 ]; then return; fi
  ours=yes
  minicluster up 3 9>&- > cluster.log 2>&1 || { cat cluster.log; stop_cluster; exit 1; }
}
stop_cluster() { [ $ours = no ] || minicluster down 9>&- > /dev/null 2>&1; }

all_idle() { [ "$(sinfo -h -p low -t idle -o %D)" = 3 ]; }

# After a case: no job, and all hosts there.
mend_cluster() {
  timeout 20 scancel -u root
  for host in n1 n2 n3; do minicluster heal $host; done
  for ((i = 0; i < 60; ++i)); do
    [ -z "$(squeue -h)" ] && all_idle && return
    sleep 0.5
  done
  sinfo
}

prepare() {
  [ -f backbone/config.json ] ||
    "$PRELUDE" backbone create --shape tiny --tokenizer "$root/data/tokenizer/spiece.model" --output backbone > prepare.log || exit 1
  [ -f corpus/corpus.json ] ||
    "$PRELUDE" corpus build --input "$root/data/text/books-small.jsonl.gz" --tokenizer backbone/spiece.model --output corpus \
      --workers 1 > prepare.log 2>&1 || exit 1
  rm -rf uninterrupted
  "$PRELUDE" pretrain --backbone backbone --corpus corpus --output uninterrupted "${options[@]}" > prepare.log 2>&1 ||
    { cat prepare.log; exit 1; }
}

fail() { echo "FAILED: $*"; exit 1; }

# submit RUN [SBATCH OPTION ...]: queues the shipped script on three hosts; its number is in $job.
submit() {
  local run=$1; shift
  job=$(OUTPUT=$run sbatch --parsable --nodes=3 --partition=low --output="$run.out" "$@" "$root/launch/slurm/pretrain.sbatch")
  echo "job $job"
}

steps_of() { grep -c '"loss"' "$1/metrics.jsonl" 2> /dev/null || true; }

# until SECONDS COMMAND ...: waits for the command to succeed.
until_true() {
  local end=$((SECONDS + $1)); shift
  until "$@" > /dev/null 2>&1; do
    [ $SECONDS -lt $end ] || fail "not in time: $*"
    sleep 0.1
  done
}
reached() { local steps; steps=$(steps_of "$1"); [ "${steps:-0}" -ge "$2" ]; }
# until_step RUN STEP: of the run of $job.
until_step() {
  local end=$((SECONDS + 60))
  until reached "$@"; do
    case $(state_of "$job") in FAILED | COMPLETED) fail "job $job is $(state_of "$job") before step $2" ;; esac
    [ $SECONDS -lt $end ] || fail "not in time: step $2 of $1"
    sleep 0.1
  done
}

state_of() { scontrol show job "$1" | sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p' | head -n 1; }
restarts_of() { scontrol show job "$1" | sed -n 's/.*Restarts=\([0-9]*\).*/\1/p' | head -n 1; }
in_state() { [ "$(state_of "$1")" = "$2" ]; }
was_requeued() { local times; times=$(restarts_of "$1"); [ "${times:-0}" -ge 1 ]; }

# finish JOB [SECONDS]: until it is completed. What is requeued would wait two minutes before it starts. A job that is being requeued has other states for a moment.
finish() {
  local end=$((SECONDS + ${2:-120})) ended=0
  while [ $ended -lt 10 ]; do
    case $(state_of "$1") in
      COMPLETED) return ;;
      # Not in the second in which it was requeued: Slurm would take the new start for the old one ("Job credential revoked").
      PENDING) ended=0; sleep 2; scontrol update "job=$1" StartTime=now || true ;;
      FAILED | CANCELLED | TIMEOUT) ended=$((ended + 1)) ;;
      *) ended=0 ;;
    esac
    [ $SECONDS -lt $end ] || fail "job $1 is still $(state_of "$1")"
    sleep 0.5
  done
  fail "job $1 is $(state_of "$1")"
}

# said FILE TEXT: the file has a line with this text, which is shown.
said() {
  local line
  line=$(grep -m 1 -F -e "$2" "$1") || fail "'$2' is not in $1"
  echo "said: ${line:0:220}"
}

# same RUN [OTHER]: the prompt of this run has the bytes of the run that nothing happened to.
same() {
  local other=${2:-uninterrupted}
  cmp "$other/prompt/adapter_model.safetensors" "$1/prompt/adapter_model.safetensors" || fail "another prompt in $1"
  echo "said: prompt bytes equal those of the uninterrupted run"
}

processes_of() { pgrep -f -- "pretrain .*--output $1 " || true; }
gone() { [ -z "$(processes_of "$1")" ]; }
