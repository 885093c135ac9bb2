using System.Runtime.InteropServices;
using System.Text.Unicode;
using DmIoUring.Services;

namespace DmIoUring.Native.Requests;

/// <summary>struct dmio_mirror_leg.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CMirrorLeg
{
    private const int ReasonBytes = 200;

    public nint Device;
    public uint Leg;
    public uint State;
    public uint NeedsFullResync;
    public uint Reserved;
    public ulong Reads;
    public ulong FailedReads;
    public ulong Repairs;
    public ulong FailedWrites;
    public fixed byte Reason[ReasonBytes];
    public ulong CorruptReads;

    public CMirrorLeg(MirrorLegStatus leg, nint device)
    {
        Device = device;
        Leg = (uint)leg.Index;
        State = leg.State switch
        {
            MirrorLegState.InSync => 0U,
            MirrorLegState.Resyncing => 1U,
            MirrorLegState.OutOfSync => 2U,
            MirrorLegState.Missing => 3U,
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        NeedsFullResync = leg.NeedsFullResync ? 1U : 0;
        Reads = (ulong)leg.Reads;
        FailedReads = (ulong)leg.FailedReads;
        Repairs = (ulong)leg.Repairs;
        FailedWrites = (ulong)leg.FailedWrites;
        CorruptReads = (ulong)leg.CorruptReads;

        // Never half a character, and the last byte stays 0.
        fixed (byte* reason = Reason)
            _ = Utf8.FromUtf16(leg.Reason, new Span<byte>(reason, ReasonBytes - 1), out _, out _);
    }
}
