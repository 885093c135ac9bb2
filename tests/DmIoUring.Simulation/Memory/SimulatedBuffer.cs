using System.Runtime.CompilerServices;

namespace DmIoUring.Simulation.Memory;

/// <summary>The memory of one request, of whichever kind, as the ranges that it is made of.</summary>
internal sealed unsafe class SimulatedBuffer(IoBufferKind kind, Arena arena)
{
    private readonly List<MemoryRange> _ranges = [];
    private readonly List<CountedMemory> _counted = [];
    private IoMemory? _owned;
    private IoVector[] _vectors = [];
    private PageList _pages;
    private bool _isRetired;

    public IoBuffer Buffer { get; set; }

    public IoBufferKind Kind => kind;

    public int Length => _ranges.Sum(static range => range.Length);

    public IReadOnlyList<MemoryRange> Ranges => _ranges;

    public void Add(MemoryRange range) => _ranges.Add(range);

    public Memory<byte> AddCounted(MemoryRange range)
    {
        _ranges.Add(range);
        _counted.Add(new CountedMemory(range));
        return _counted[^1].Memory;
    }

    public void Own(IoMemory memory, int offset, int length)
    {
        _owned = memory;
        _ranges.Add(new MemoryRange((nint)memory.Pointer + offset, length));
    }

    public void Keep(IoVector[] vectors) => _vectors = vectors;

    /// <summary>Adds what a list of pages covers, from an offset into its first page on.</summary>
    public void AddPages(PageList pages, int offset)
    {
        _pages = pages;
        PageCursor cursor = pages.CursorAt(offset);
        while (pages.TryGetRun(ref cursor, long.MaxValue, out byte* start, out long length))
            _ranges.Add(new MemoryRange((nint)start, (int)length));
    }

    public bool Contains(nint address, long bytes) => _ranges.Exists(range => range.Contains(address, bytes));

    public bool Overlaps(SimulatedBuffer? other) =>
        other is not null && _ranges.Exists(range => other._ranges.Exists(theirs => range.Start < theirs.Start + theirs.Length && theirs.Start < range.Start + range.Length));

    public void Fill(ReadOnlySpan<byte> content)
    {
        foreach (MemoryRange range in _ranges)
        {
            content[..range.Length].CopyTo(range.Span);
            content = content[range.Length..];
        }
    }

    public byte[] Read()
    {
        byte[] content = new byte[Length];
        int at = 0;
        foreach (MemoryRange range in _ranges)
        {
            range.Span.CopyTo(content.AsSpan(at));
            at += range.Length;
        }

        return content;
    }

    /// <summary>The request has ended: checks that it let go of everything, and takes the memory away from whoever did not.</summary>
    public void Retire(Verdict verdict)
    {
        if (_isRetired)
            return;
        _isRetired = true;
        if (_counted.Exists(static memory => memory.Pins != 0))
            verdict.Fail($"A buffer is still pinned after the end of its request.");
        if (_owned is not null && PinsOf(_owned) != 0)
            verdict.Fail($"An IoMemory is still pinned after the end of its request.");
        Array.Fill(_vectors, new IoVector((void*)(nint)8, 8));
        foreach (MemoryRange range in _ranges)
        {
            if (arena.Contains(range.Start))
                arena.Retire(range);
            else
                range.Span.Fill(0xDB);
        }

        _owned?.Dispose();
        if (_pages.Count > 0)
            _pages.Dispose();
    }

    /// <summary>Frees what a run that was broken off left behind.</summary>
    public void Abandon()
    {
        if (!_isRetired)
            _owned?.Dispose();
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_pins")]
    private static extern ref long PinsOf(IoMemory memory);
}
