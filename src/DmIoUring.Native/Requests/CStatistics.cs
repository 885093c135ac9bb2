using System.Runtime.InteropServices;

namespace DmIoUring.Native.Requests;

/// <summary>struct dmio_statistics.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CStatistics
{
    public ulong Requests;
    public ulong Entries;
    public ulong Enters;
    public ulong DirectTransfers;
    public ulong ShortTransfers;
    public ulong Retries;
    public ulong DeviceWaits;
    public ulong WorkerEntries;
    public ulong Flushes;
    public ulong JoinedFlushes;
    public ulong Overdrafts;

    public CStatistics(IoStatistics statistics)
    {
        Requests = (ulong)statistics.Requests;
        Entries = (ulong)statistics.Entries;
        Enters = (ulong)statistics.Enters;
        DirectTransfers = (ulong)statistics.DirectTransfers;
        ShortTransfers = (ulong)statistics.ShortTransfers;
        Retries = (ulong)statistics.Retries;
        DeviceWaits = (ulong)statistics.DeviceWaits;
        WorkerEntries = (ulong)statistics.WorkerEntries;
        Flushes = (ulong)statistics.Flushes;
        JoinedFlushes = (ulong)statistics.JoinedFlushes;
        Overdrafts = (ulong)statistics.Overdrafts;
    }
}
