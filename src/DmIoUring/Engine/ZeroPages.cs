using System.Runtime.InteropServices;

namespace DmIoUring.Engine;

/// <summary>Memory full of zeroes to write from; one allocation for the process, made when first needed and kept.</summary>
internal static unsafe class ZeroPages
{
    public const uint Length = 1 << 20;
    private const int Page = 4096;

    public static byte* Start { get; } = Make();

    private static byte* Make()
    {
        byte* start = (byte*)NativeMemory.AlignedAlloc(Length, Page);
        NativeMemory.Clear(start, Length);
        return start;
    }
}
