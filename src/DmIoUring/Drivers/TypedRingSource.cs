using DmIoUring.Engine;
using DmIoUring.Memory;
using DmIoUring.Rings;

namespace DmIoUring.Drivers;

/// <summary>The half of a source that is compiled for its kind of ring.</summary>
internal abstract class TypedRingSource<TRing> : RingSource
    where TRing : struct, IRing
{
    /// <summary>Chunks that one synchronous request has under way at once.</summary>
    private const int MostSyncDepth = 64;

    public override Lane StartLane(DmIoOptions options, PagePool pages, string name)
    {
        TRing ring = Make(options.QueueDepth);
        try
        {
            return new Lane<TRing>(ring, options, pages, name);
        }
        catch
        {
            ring.Dispose();
            throw;
        }
    }

    public override SyncRing MakeSyncRing(DmIoOptions options, CallbackReporter reporter)
    {
        TRing ring = Make(Math.Min(options.QueueDepth, MostSyncDepth));
        try
        {
            return new SyncRing<TRing>(ring, options, reporter);
        }
        catch
        {
            ring.Dispose();
            throw;
        }
    }

    /// <summary>Makes a ring for the thread that will enable it.</summary>
    protected abstract TRing Make(int capacity);
}
