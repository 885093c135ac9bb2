using System.Runtime.InteropServices;

namespace DmIoUring.RemoteLegs;

/// <summary>What every block of a mirror must hold. Who writes blocks has them alone, so that there is one answer at any time.</summary>
internal sealed class BlockModel(int blocks)
{
    public const int BlockBytes = 4096;
    public const int BlockSectors = BlockBytes / IoRegion.SectorSize;

    private readonly Lock _lock = new();
    private readonly ulong[] _values = new ulong[blocks];
    private readonly int[] _claims = new int[blocks];
    private ulong _writes;

    public int Blocks => blocks;

    /// <summary>Claims blocks for one writer, or for one more reader.</summary>
    public bool TryClaim(int first, int count, bool isWriter)
    {
        lock (_lock)
        {
            Span<int> claims = _claims.AsSpan(first, count);
            foreach (int claim in claims)
            {
                if (claim < 0 || isWriter && claim > 0)
                    return false;
            }

            foreach (ref int claim in claims)
                claim += isWriter ? -1 : 1;
            return true;
        }
    }

    public void Release(int first, int count, bool isWriter)
    {
        lock (_lock)
        {
            foreach (ref int claim in _claims.AsSpan(first, count))
                claim -= isWriter ? -1 : 1;
        }
    }

    /// <summary>Fills a buffer with what is written to blocks, another number for each.</summary>
    public void Prepare(int first, Span<byte> bytes)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        for (int at = 0; at * BlockBytes < bytes.Length; at++)
        {
            _values[first + at] = Interlocked.Increment(ref _writes);
            words.Slice(at * BlockBytes / sizeof(ulong), BlockBytes / sizeof(ulong)).Fill(_values[first + at]);
        }
    }

    public void Zeroed(int first, int count) => _values.AsSpan(first, count).Clear();

    /// <summary>Checks what was read.</summary>
    /// <param name="where">From where, for the message.</param>
    /// <param name="first">The first block.</param>
    /// <param name="bytes">The bytes.</param>
    /// <exception cref="CheckException">It is not what was written last.</exception>
    public void Check(string where, int first, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        for (int at = 0; at * BlockBytes < bytes.Length; at++)
        {
            ReadOnlySpan<ulong> block = words.Slice(at * BlockBytes / sizeof(ulong), BlockBytes / sizeof(ulong));
            if (block.IndexOfAnyExcept(_values[first + at]) is >= 0 and var odd)
                throw new CheckException($"{where}, block {first + at}: byte {odd * sizeof(ulong)} belongs to write {block[odd]}, and must to {_values[first + at]}");
        }
    }
}
