# Runs a program in a container of Podman's that has this machine's files, its own processes, no network, and what an engine leaves of root:
#
#     unshare --mount bash in-container.sh [PODMAN-OPTION...] -- PROGRAM [ARGUMENT...]
#
# What is mounted here goes with the container, and so does everything that Podman keeps.
set -euo pipefail

mount --make-rprivate /
state=/var/lib/containers
mkdir -p "$state"
mount -t tmpfs none "$state"
mkdir "$state/rootfs"
mount --rbind / "$state/rootfs"
mount -t tmpfs none "$state/rootfs/run"

# crun refuses a machine that has version 1 and version 2 side by side; limits are not what is tried here.
for mounted in /sys/fs/cgroup/*; do
  mountpoint -q "$mounted" && umount -l "$mounted"
done
mount -t cgroup2 none /sys/fs/cgroup

options=()
while [[ $1 != -- ]]; do
  options+=("$1")
  shift
done

# An engine sets these two limits higher than CI's root may.
exec podman --root "$state/storage" --runroot "$state/run" --tmpdir "$state/tmp" --runtime crun --cgroup-manager cgroupfs \
  run --rm --network none --cgroups disabled --log-driver none --ulimit nofile=4096:4096 --ulimit nproc=4096:4096 \
  --env 'DMIO*' --env 'DOTNET*' --env CI "${options[@]}" --rootfs "$state/rootfs" "${@:2}"
