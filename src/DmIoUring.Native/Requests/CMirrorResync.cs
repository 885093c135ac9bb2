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

        // -1 is UINT64_MAX.
        UnreadableSector = (ulong)result.UnreadableSector;
    }
}
