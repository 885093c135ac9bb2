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

    public CResult(in IoResult result, long bytes)
    {
        Failed = result.Failed.Value;
        Unsupported = result.Unsupported.Value;
        Bytes = (ulong)bytes;
        Region = -1;
        if (!result.IsSuccess)
        {
            Sector = (ulong)result.First.Sector;
            Region = result.First.Region;
            Error = result.First.Errno;
            Cause = (uint)result.First.Cause;
        }
    }

    public readonly IoResult ToResult() => new(
        new RegionBits(Failed), new RegionBits(Unsupported), Region < 0 ? default : new IoFailure(Region, (long)Sector, Error, (IoFailureCause)Cause));
}
