using System.Collections.Concurrent;
using DmIoUring.Interop;

namespace DmIoUring.Engine;

/// <summary>
/// Discards by ioctl(BLKDISCARD), for kernels whose io_uring has none for block devices (before 6.12): on the thread pool for
/// an engine whose owner can be told of the end, on the owner's own thread otherwise.
/// </summary>
internal sealed class DiscardWorker
{
    private readonly ConcurrentQueue<(int Chunk, int Result)> _results = new();

    /// <summary>Tells the engine's owner that there is a result; null for an owner that waits anyway.</summary>
    public Action? Notify { get; set; }

    public bool HasResults => !_results.IsEmpty;

    /// <summary>Starts a discard. The request keeps the device open until its result was taken.</summary>
    public void Start(int chunk, int descriptor, long offset, long length)
    {
        if (Notify is null)
        {
            _results.Enqueue((chunk, Discard(descriptor, offset, length)));
            return;
        }

        ThreadPool.UnsafeQueueUserWorkItem(
            static work =>
            {
                work.Worker._results.Enqueue((work.Chunk, Discard(work.Descriptor, work.Offset, work.Length)));
                work.Worker.Notify!();
            },
            (Worker: this, Chunk: chunk, Descriptor: descriptor, Offset: offset, Length: length),
            preferLocal: false);
    }

    public bool TryTake(out int chunk, out int result)
    {
        bool any = _results.TryDequeue(out (int Chunk, int Result) ended);
        (chunk, result) = ended;
        return any;
    }

    private static unsafe int Discard(int descriptor, long offset, long length)
    {
        ulong* range = stackalloc ulong[2] { (ulong)offset, (ulong)length };
        return Libc.Ioctl(descriptor, BlockAbi.BLKDISCARD, range);
    }
}
