using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DmIoUring.Native.Requests;

/// <summary>struct dmio_result.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CResult
{
    public ulong Failed;
    public ulong Unsupported;
    public ulong Bytes;
    public ulong Sector;
    public int Region;
    public int Error;
    public uint Cause;
    public uint Reserved;

    public CResult(in IoResult result, long bytes) => Fill(out this, result, bytes);

    /// <summary>
    /// Writes a result where C reads it. A copy of one that was just written loads 16 bytes over two stores of 8, which the processor can't forward: it waits for both.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fill(out CResult to, in IoResult result, long bytes)
    {
        to.Failed = result.Failed.Value;
        to.Unsupported = result.Unsupported.Value;
        to.Bytes = (ulong)bytes;
        to.Sector = 0;
        to.Region = -1;
        to.Error = 0;
        to.Cause = 0;
        to.Reserved = 0;
        if (!result.IsSuccess)
            FillFailure(ref to, result.First);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FillFailure(ref CResult to, in IoFailure first)
    {
        to.Sector = (ulong)first.Sector;
        to.Region = first.Region;
        to.Error = first.Errno;
        to.Cause = (uint)first.Cause;
    }

    public readonly IoResult ToResult() => new(
        new RegionBits(Failed), new RegionBits(Unsupported), Region < 0 ? default : new IoFailure(Region, (long)Sector, Error, (IoFailureCause)Cause));
}
