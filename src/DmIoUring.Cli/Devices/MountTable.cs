using System.Text;
using DmIoUring.Interop;

namespace DmIoUring.Cli.Devices;

/// <summary>Mounted file systems and swap space, as this process sees them; in its mount namespace, that is.</summary>
internal static class MountTable
{
    public const string MountsPath = "/proc/self/mountinfo";
    public const string SwapsPath = "/proc/swaps";

    /// <summary>One mount: what it is of, where, and its file system's device number.</summary>
    public static IEnumerable<(StorageUse Use, string FileSystem)> ReadMounts()
    {
        // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue: Documentation/filesystems/proc.rst.
        foreach (string line in Lines(MountsPath))
        {
            string[] fields = line.Split(' ');
            int separator = Array.IndexOf(fields, "-");
            if (separator < 6 || separator + 2 >= fields.Length)
                continue;
            string source = Unescape(fields[separator + 2]);

            // btrfs has a number of its own, which is no device's: what it is mounted from tells.
            string identity = Libc.StatxOf(source, out Statx stat) >= 0 && (stat.stx_mode & FileAbi.S_IFMT) == FileAbi.S_IFBLK
                ? StorageIdentity.Of(stat)
                : StorageIdentity.Block(fields[2]);
            yield return (new StorageUse(identity, "mounted on " + Unescape(fields[4])), fields[2]);
        }
    }

    /// <summary>Swap space: devices and files.</summary>
    public static IEnumerable<StorageUse> ReadSwaps()
    {
        foreach (string line in Lines(SwapsPath).Skip(1))
        {
            string path = Unescape(line.Split([' ', '\t'], 2)[0]);
            if (Libc.StatxOf(path, out Statx stat) >= 0)
                yield return new StorageUse(StorageIdentity.Of(stat), "swap space");
        }
    }

    /// <summary>Spaces, tabs, newlines and backslashes are three octal digits after a backslash, in bytes.</summary>
    public static string Unescape(string field)
    {
        if (!field.Contains('\\', StringComparison.Ordinal))
            return field;
        byte[] raw = Encoding.UTF8.GetBytes(field);
        List<byte> bytes = [];
        for (int i = 0; i < raw.Length; i++)
        {
            if (raw[i] == '\\' && i + 3 < raw.Length && IsOctal(raw.AsSpan(i + 1, 3)))
            {
                bytes.Add((byte)((raw[i + 1] - '0') << 6 | (raw[i + 2] - '0') << 3 | (raw[i + 3] - '0')));
                i += 3;
            }
            else
            {
                bytes.Add(raw[i]);
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static bool IsOctal(ReadOnlySpan<byte> digits) => digits.IndexOfAnyExceptInRange((byte)'0', (byte)'7') < 0;

    private static string[] Lines(string path) => SmallFile.Read(path)?.Split('\n', StringSplitOptions.RemoveEmptyEntries) ?? [];
}
