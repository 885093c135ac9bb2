using System.Collections.Concurrent;
using FASTER.core;

namespace DmIoUring.Samples;

/// <summary>
/// A device of FASTER (and, with the namespace changed, of Tsavorite and Garnet) on this library: a file for each segment, direct I/O, one client for any number
/// of devices. The client's callbacks must be the thread pool's, because FASTER's may wait for other requests. What FASTER
/// has committed must be on the medium, so writes are durable when they end.
/// </summary>
internal sealed unsafe class DmIoDevice(DmIoClient client, string path) : StorageDeviceBase(path, SectorSizeOf(path), FASTER.core.Devices.CAPACITY_UNSPECIFIED)
{
    private readonly Lock _opening = new();
    private readonly ConcurrentDictionary<int, BlockDevice> _segments = new();

    public override void WriteAsync(
        IntPtr sourceAddress, int segmentId, ulong destinationAddress, uint numBytesToWrite, DeviceIOCompletionCallback callback, object context) =>
        client.SubmitWrite(
            RegionOf(segmentId, destinationAddress, numBytesToWrite), IoBuffer.Contiguous((byte*)sourceAddress, numBytesToWrite), Ended, new Pending(callback, context), tag: 0, IoFlags.Fua);

    public override void ReadAsync(
        int segmentId, ulong sourceAddress, IntPtr destinationAddress, uint readLength, DeviceIOCompletionCallback callback, object context) =>
        client.SubmitRead(
            RegionOf(segmentId, sourceAddress, readLength), IoBuffer.Contiguous((byte*)destinationAddress, readLength), Ended, new Pending(callback, context), tag: 0);

    public override void RemoveSegmentAsync(int segment, AsyncCallback callback, IAsyncResult result)
    {
        if (_segments.TryRemove(segment, out BlockDevice? device))
            device.Dispose();
        File.Delete(PathOf(segment));
        callback(result);
    }

    public override long GetFileSize(int segment) => segmentSize > 0 ? segmentSize : SegmentOf(segment).Size;

    /// <summary>Lends the calling thread to callbacks that are ready.</summary>
    public override bool TryComplete() => client.TryComplete() > 0;

    public override void Reset() => CloseAll();

    public override void Dispose() => CloseAll();

    private static void Ended(IoResult result, long bytes, object? context, long tag)
    {
        Pending pending = (Pending)context!;
        pending.Callback(result.IsSuccess ? 0 : (uint)result.First.Errno, (uint)bytes, pending.Context);
    }

    private static uint SectorSizeOf(string path)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        return (uint)BlockDevice.ProbeAlignment(folder).LogicalBlockSize;
    }

    private IoRegion RegionOf(int segment, ulong offset, uint length) => new(SegmentOf(segment), (long)offset / 512, length / 512);

    private BlockDevice SegmentOf(int segment)
    {
        if (_segments.TryGetValue(segment, out BlockDevice? device))
            return device;
        lock (_opening)
            return _segments.GetOrAdd(segment, static (segment, device) => device.OpenSegment(segment), this);
    }

    private BlockDevice OpenSegment(int segment) =>
        BlockDevice.Open(PathOf(segment), new BlockDeviceOptions { Create = true, Length = segmentSize > 0 ? segmentSize : 1L << 30, Preallocation = FilePreallocation.Space });

    private string PathOf(int segment) => FormattableString.Invariant($"{FileName}.{segment}");

    private void CloseAll()
    {
        foreach (int segment in _segments.Keys)
        {
            if (_segments.TryRemove(segment, out BlockDevice? device))
                device.Dispose();
        }
    }

    /// <summary>What FASTER wants back.</summary>
    private sealed record Pending(DeviceIOCompletionCallback Callback, object Context);
}
