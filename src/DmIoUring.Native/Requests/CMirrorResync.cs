using System.Runtime.InteropServices;
using DmIoUring.Services;

namespace DmIoUring.Native.Requests;

/// <summary>struct dmio_mirror_resync_result.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CMirrorResync
{
    public ulong CopiedRegions;
    public ulong InSync;
    public ulong Failed;
    public ulong UnreadableSector;

    public CMirrorResync(MirrorResyncResult result)
    {
        CopiedRegions = (ulong)result.CopiedRegions;
        InSync = result.InSync.Value;
        Failed = result.Failed.Value;
        UnreadableSector = result.UnreadableSector is { } sector ? (ulong)sector : ulong.MaxValue;
    }
}
