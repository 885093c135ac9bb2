using System.Diagnostics;
using System.Globalization;

namespace DmIoUring.ScratchDevices;

/// <summary>
/// A compressed RAM disk. Unlike a <see cref="LoopDevice"/> the kernel does not remove it when the process is killed: a
/// <see cref="Guard"/> does.
/// </summary>
public sealed class ZramDevice : IDisposable
{
    private const string Control = "/sys/class/zram-control";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly string _number;
    private readonly Guard _guard;
    private bool _disposed;

    private ZramDevice(string number, long size)
    {
        _number = number;
        Size = size;
        Path = "/dev/zram" + number;
        _guard = Guard.Start("echo \"$1\" >" + Control + "/hot_remove", number);
    }

    /// <summary>The device's path: <c>/dev/zram1</c>.</summary>
    public string Path { get; }

    /// <summary>The size in bytes.</summary>
    public long Size { get; }

    /// <summary>Limits the memory that the device may take: past it writes of what does not compress fail.</summary>
    /// <param name="bytes">The limit; 0 for none.</param>
    public void LimitMemory(long bytes) =>
        File.WriteAllText($"/sys/block/zram{_number}/mem_limit", bytes.ToString(CultureInfo.InvariantCulture));

    /// <summary>Whether zram devices can be made here.</summary>
    /// <returns><see langword="null"/> when they can, otherwise the reason in words.</returns>
    public static string? WhyUnavailable()
    {
        if (!File.Exists(Control + "/hot_add"))
            return $"{Control} does not exist: the zram module is not loaded";
        return Environment.IsPrivilegedProcess ? null : "this process is not root";
    }

    /// <summary>Makes a zram device.</summary>
    /// <param name="size">Bytes, a multiple of 4,096.</param>
    /// <returns>The device.</returns>
    /// <exception cref="IOException">The kernel refused.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not make zram devices.</exception>
    public static ZramDevice Create(long size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 4096);
        ArgumentOutOfRangeException.ThrowIfNotEqual(size % 4096, 0, nameof(size));

        // Reading the file makes the device: the answer is its number.
        ZramDevice device = new(File.ReadAllText(Control + "/hot_add").Trim(), size);
        try
        {
            File.WriteAllText($"/sys/block/zram{device._number}/disksize", size.ToString(CultureInfo.InvariantCulture));
            long start = Stopwatch.GetTimestamp();
            while (!File.Exists(device.Path) && Stopwatch.GetElapsedTime(start) < Patience)
                Thread.Sleep(2);
            return device;
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>Removes the device; while somebody else has it open, tries again for a few seconds.</summary>
    /// <exception cref="IOException">It was still open after that.</exception>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        Remove();
        _guard.Dispose();
    }

    private void Remove()
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                File.WriteAllText(Control + "/hot_remove", _number);
                return;
            }
            catch (IOException) when (Stopwatch.GetElapsedTime(start) < Patience)
            {
                Thread.Sleep(5);
            }
        }
    }
}
