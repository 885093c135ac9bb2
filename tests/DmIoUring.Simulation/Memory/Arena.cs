using System.Runtime.InteropServices;

namespace DmIoUring.Simulation.Memory;

/// <summary>
/// Memory for the buffers of one run, each at a seeded distance from a page and between guards. Nothing is used twice, so that who
/// touches a buffer after its request leaves a trace.
/// </summary>
internal sealed unsafe class Arena : IDisposable
{
    private const int Size = 16 << 20;
    private const int Page = 4096;
    private const int Guard = 64;
    private const byte GuardByte = 0xA5;
    private const byte Poison = 0xDB;
    private readonly byte* _start = (byte*)NativeMemory.AlignedAlloc(Size, Page);
    private readonly List<MemoryRange> _guards = [];
    private readonly List<MemoryRange> _retired = [];
    private int _used;

    /// <summary>Forgets the run before.</summary>
    public void Clear()
    {
        _guards.Clear();
        _retired.Clear();
        _used = 0;
    }

    public bool Has(int bytes) => _used + bytes + (4 * Page) <= Size;

    /// <summary>Memory whose address is that many bytes past a page.</summary>
    public MemoryRange Allocate(int length, int pastPage)
    {
        int at = RoundUp(_used + Guard) + pastPage;
        MemoryRange range = new((nint)_start + at, length);
        AddGuard(at - Guard);
        AddGuard(at + length);
        _used = at + length + Guard;
        return range;
    }

    /// <summary>Its request has ended: nobody may touch it from here on.</summary>
    public void Retire(MemoryRange range)
    {
        range.Span.Fill(Poison);
        _retired.Add(range);
    }

    public bool Contains(nint address) => address >= (nint)_start && address < (nint)_start + Size;

    /// <summary>Bytes into the arena, which mean the same in every process.</summary>
    public long PlaceOf(nint address) => address - (nint)_start;

    public void Check(Verdict verdict)
    {
        foreach (MemoryRange guard in _guards)
            Check(guard, GuardByte, verdict, "beside a buffer");
        foreach (MemoryRange range in _retired)
            Check(range, Poison, verdict, "in a buffer whose request had ended");
    }

    public void Dispose() => NativeMemory.AlignedFree(_start);

    private void Check(MemoryRange range, byte value, Verdict verdict, string where)
    {
        int at = range.Span.IndexOfAnyExcept(value);
        if (at >= 0)
            verdict.Fail($"Somebody wrote {where}: byte {at} of {range.Length} at arena+{PlaceOf(range.Start)}.");
    }

    private void AddGuard(int at)
    {
        MemoryRange guard = new((nint)_start + at, Guard);
        guard.Span.Fill(GuardByte);
        _guards.Add(guard);
    }

    private static int RoundUp(int value) => (value + Page - 1) / Page * Page;
}
