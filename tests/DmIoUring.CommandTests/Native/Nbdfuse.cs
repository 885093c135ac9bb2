namespace DmIoUring.CommandTests.Native;

/// <summary>What a script begins with that has nbdfuse serve an export as the file fuse/nbd.</summary>
internal static class Nbdfuse
{
    /// <summary>
    /// Enters the folder that is the script's first argument. <c>start_nbdfuse</c> takes nbdfuse's arguments after the mount point; <c>take_down</c> ends it, after the file
    /// system in mounted/ and the loop device in <c>$device</c>. It runs however the script ends: what nbdfuse serves would otherwise stay mounted.
    /// </summary>
    public const string Functions = """
        set -euo pipefail
        cd "$1"
        mkdir fuse mounted
        device=
        nbdfuse=
        take_down() {
          ! mountpoint -q mounted || umount mounted || umount -l mounted
          [[ -z $device ]] || losetup -d "$device" || true
          device=
          if [[ -n $nbdfuse ]]; then
            for ((i = 0; i < 50; i++)); do
              ! mountpoint -q fuse || umount fuse 2>/dev/null || sleep 0.1
            done
            ! mountpoint -q fuse || umount -l fuse
            wait "$nbdfuse" || true
          fi
          nbdfuse=
        }
        trap take_down EXIT
        start_nbdfuse() {
          nbdfuse fuse/ "$@" >nbdfuse.log 2>&1 &
          nbdfuse=$!
          for ((i = 0; i < 300; i++)); do
            [[ ! -e fuse/nbd ]] || break
            kill -0 "$nbdfuse" || { cat nbdfuse.log >&2; exit 1; }
            sleep 0.1
          done
        }


        """;
}
