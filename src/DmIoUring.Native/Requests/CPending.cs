using System.Runtime.InteropServices;
using System.Text.Unicode;

namespace DmIoUring.Native.Requests;

/// <summary>struct dmio_pending.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CPending
{
    private const int PathBytes = 256;

    public ulong Sector;
    public ulong InKernel;
    public ulong Waiting;
    public ulong AgeMicroseconds;
    public nint Device;
    public uint Request;
    public uint Region;
    public int Rw;
    public uint IsAbandoned;
    public fixed byte Path[PathBytes];

    /// <summary>A region of a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="index">Its number among those that are pending.</param>
    /// <param name="region">The region.</param>
    /// <param name="device">A handle of its device; 0 where that was closed.</param>
    public CPending(IoPendingRequest request, int index, IoPendingRegion region, nint device)
    {
        Sector = (ulong)region.Sector;
        InKernel = (ulong)region.SectorsInKernel;
        Waiting = (ulong)region.SectorsWaiting;
        AgeMicroseconds = request.Age is { } age ? (ulong)age.TotalMicroseconds : ulong.MaxValue;
        Device = device;
        Request = (uint)index;
        Region = (uint)region.Region;
        Rw = (int)Operations.Of(request.Operation);
        IsAbandoned = request.IsAbandoned ? 1U : 0;
        fixed (byte* path = Path)
        {
            _ = Utf8.FromUtf16(region.Path, new Span<byte>(path, PathBytes - 1), out _, out int written);
            path[written] = 0;
        }
    }
}
