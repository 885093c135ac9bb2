using System.Globalization;
using System.Numerics;

namespace DmIoUring.Testing;

/// <summary>What a <see cref="SimulatedDisk"/> is like, and how often it fails by itself. Rates are shares of requests, 0 to 1, decided by the simulation's seed; 0, the default, for never.</summary>
public sealed record SimulatedDiskOptions
{
    private const int LargestBlock = 64 << 10;

    /// <summary>The disk's name, which is the <see cref="BlockDevice.Path"/> of what is opened on it; <see langword="null"/>, the default, for <c>simulated0</c> and so on.</summary>
    public string? Name { get; init; }

    /// <summary>The logical block in bytes, a power of two from 512 to 65,536. Default 512.</summary>
    public int LogicalBlockSize { get; init; } = 512;

    /// <summary>What a buffer's address must be a multiple of, in bytes, a power of two up to <see cref="LogicalBlockSize"/>; other memory is copied. Default 512.</summary>
    public int MemoryAlignment { get; init; } = 512;

    /// <summary>Whether it is a regular file, open for direct I/O, instead of a block device: its length can be changed. Off by default.</summary>
    public bool IsFile { get; init; }

    /// <summary>Whether it can only be read, as a block device that is set read-only. Off by default.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>The volatile cache. Default <see cref="SimulatedCache.WithFua"/>. A file is flushed all the same where there is none.</summary>
    public SimulatedCache Cache { get; init; }

    /// <summary>Whether it supports discards. Default true.</summary>
    public bool HasDiscard { get; init; } = true;

    /// <summary>
    /// Whether a discarded sector reads as zeroes, and stays so: <c>discard_zeroes_data</c>, "read zeroes after TRIM". Off by default, as the library promises nothing of it: on a block device each
    /// <see cref="TornUnit"/> is old data, zeroes or garbage then, by the seed. What is discarded of a file is zeroes anyway.
    /// </summary>
    public bool DiscardZeroesData { get; init; }

    /// <summary>Whether it supports to be zeroed; without, the engine writes zeroes. Default true.</summary>
    public bool HasWriteZeroes { get; init; } = true;

    /// <summary>
    /// What a power cut leaves or loses as one, in bytes, a power of two from 512 to <see cref="LogicalBlockSize"/>: what the disk writes whole or not at all. 0, the
    /// default, for the logical block. 512 is for a disk that emulates larger blocks and tears them.
    /// </summary>
    public int TornUnit { get; init; }

    /// <summary>How many reads fail with EIO.</summary>
    public double ReadErrorRate { get; init; }

    /// <summary>How many writes, discards and zeroes fail with EIO. Of one that fails so a part, from its beginning, may be on the disk.</summary>
    public double WriteErrorRate { get; init; }

    /// <summary>
    /// How many flushes fail with EIO. As every flush that fails, whatever for, such a one may have lost what it should have made durable: a read still gives it, no later
    /// flush makes it durable, and a power cut shows it. See <see cref="BlockDevice.Doubt"/>.
    /// </summary>
    public double FlushErrorRate { get; init; }

    /// <summary>How many reads and writes of more than one logical block end with fewer bytes, at a multiple of one. The engine continues them.</summary>
    public double ShortTransferRate { get; init; }

    /// <summary>How many requests are answered EAGAIN. The engine tries them again, 64 times at most: a rate near 1 makes it give up.</summary>
    public double RetryRate { get; init; }

    /// <summary>The longest time that a request takes, a day at most; each takes a share of it that the seed decides, so that later ones pass it by. Zero, the default, for no time: a request ends while it is submitted.</summary>
    public TimeSpan MaxDelay { get; init; }

    /// <summary>Whether requests are kept in <see cref="FaultyMedium.Log"/>. On by default; off for a test of millions.</summary>
    public bool Logs { get; init; } = true;

    internal int TornSectors => (TornUnit == 0 ? LogicalBlockSize : TornUnit) / IoRegion.SectorSize;

    internal void Validate()
    {
        Check(nameof(LogicalBlockSize), LogicalBlockSize, IsBlock(LogicalBlockSize, LargestBlock), "a power of two from 512 to 65,536 bytes");
        Check(nameof(MemoryAlignment), MemoryAlignment, BitOperations.IsPow2(MemoryAlignment) && MemoryAlignment <= LogicalBlockSize, "a power of two up to LogicalBlockSize");
        Check(nameof(TornUnit), TornUnit, TornUnit == 0 || IsBlock(TornUnit, LogicalBlockSize), "0, or a power of two from 512 to LogicalBlockSize");
        Check(nameof(Cache), Cache, Cache is >= SimulatedCache.WithFua and <= SimulatedCache.None, "one of SimulatedCache's values");
        Check(nameof(Name), Name ?? "null", Name is not "", "a name, or null");
        Check(nameof(MaxDelay), MaxDelay, MaxDelay >= TimeSpan.Zero && MaxDelay <= MediumGate.LongestDelay, "zero to a day");
        CheckRate(nameof(ReadErrorRate), ReadErrorRate);
        CheckRate(nameof(WriteErrorRate), WriteErrorRate);
        CheckRate(nameof(FlushErrorRate), FlushErrorRate);
        CheckRate(nameof(ShortTransferRate), ShortTransferRate);
        CheckRate(nameof(RetryRate), RetryRate);
    }

    private static bool IsBlock(int bytes, int most) => BitOperations.IsPow2(bytes) && bytes >= IoRegion.SectorSize && bytes <= most;

    private static void CheckRate(string option, double rate) => Check(option, rate, rate is >= 0 and <= 1, "0 to 1");

    private static void Check(string option, object value, bool isValid, string range)
    {
        if (!isValid)
            throw new ArgumentOutOfRangeException(option, value, string.Create(CultureInfo.InvariantCulture, $"{option} is {value}; give it {range}."));
    }
}
