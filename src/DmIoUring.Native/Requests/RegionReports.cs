using System.Collections.Concurrent;

namespace DmIoUring.Native.Requests;

/// <summary>The reports of a request's regions: an array of C, filled when the request has ended. Objects are kept for the next request; one that is in flight ends it.</summary>
internal sealed unsafe class RegionReports
{
    /// <summary>The tag of the callback is the void*.</summary>
    public static readonly IoCompleted Completed = static (result, bytes, context, tag) => ((RegionReports)context!).End(result, bytes, (nint)tag);

    private const int MaxKept = 256;
    private static readonly ConcurrentQueue<RegionReports> Free = new();

    private readonly long[] _bytes = new long[IoRegion.MaxRegions];
    private CReport* _to;
    private int _count;
    private Notification? _notification;
    private PieceList? _pieces;

    /// <summary>Where the library puts the failures.</summary>
    public IoReport Report { get; } = new();

    /// <summary>Reports for a request.</summary>
    /// <param name="to">The array, which has one for each region.</param>
    /// <param name="regions">The regions.</param>
    /// <param name="transfers">Whether the request has memory.</param>
    public static RegionReports Rent(CReport* to, ReadOnlySpan<IoRegion> regions, bool transfers)
    {
        if (!Free.TryDequeue(out RegionReports? reports))
            reports = new RegionReports();
        reports._to = to;
        reports._count = regions.Length;
        for (int i = 0; i < regions.Length; i++)
            reports._bytes[i] = transfers ? regions[i].Count * IoRegion.SectorSize : 0;
        return reports;
    }

    /// <summary>What comes after the reports when the request has ended.</summary>
    public void EndWith(Notification notification, PieceList? pieces)
    {
        _notification = notification;
        _pieces = pieces;
    }

    /// <summary>Fills the array.</summary>
    /// <param name="result">How the request ended.</param>
    /// <param name="bytes">What it has transferred, where every region succeeded.</param>
    public void Write(in IoResult result, long bytes)
    {
        ulong missing = (result.Failed | result.Unsupported).Value;
        for (int i = 0; i < _count; i++)
        {
            if ((missing & (1UL << i)) == 0)
            {
                // Of one region the bytes of the request are right, and less than its sectors at the odd end of a file.
                _to[i] = new CReport { Bytes = (ulong)(_count == 1 && _bytes[i] != 0 ? bytes : _bytes[i]) };
                continue;
            }

            IoFailure failure = Report[i];
            _to[i] = new CReport { Sector = (ulong)failure.Sector, Error = failure.Errno, Cause = (uint)failure.Cause };
        }
    }

    /// <summary>Gives the object back.</summary>
    public void Return()
    {
        _to = null;
        _notification = null;
        _pieces = null;
        if (Free.Count < MaxKept)
            Free.Enqueue(this);
    }

    private void End(in IoResult result, long bytes, nint context)
    {
        Write(result, bytes);
        Notification notification = _notification!;
        PieceList? pieces = _pieces;
        Return();
        pieces?.Return();
        notification.End(result, bytes, context);
    }
}
