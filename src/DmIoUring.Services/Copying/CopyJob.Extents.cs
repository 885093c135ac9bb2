namespace DmIoUring.Services;

/// <content>The search for holes, on the thread pool: the file system may have to read for it.</content>
internal sealed partial class CopyJob
{
    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            (long end, bool isHole) = FindExtent(_next);
            _service.Change(this, (end, isHole), static (job, extent) =>
            {
                job.EndSearch();
                (job._extentEnd, job._extentIsHole) = extent;
            });
        }
#pragma warning disable CA1031 // Whatever it is ends the job, which tells it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _service.Change(this, exception, static (job, exception) =>
            {
                job.EndSearch();
                job.Fault(exception);
            });
        }
    }

    private void EndSearch()
    {
        InFlight--;
        _isSearching = false;
    }

    /// <summary>The end of the hole or of the data at a sector, both from the beginning of the regions. A hole is as much of one as is whole units.</summary>
    private (long End, bool IsHole) FindExtent(long from)
    {
        IoRegion source = _source!.Value;
        FileExtent extent = source.Device.FindExtent(source.Sector + from);
        long end = Math.Min(from + extent.Count, Count);
        if (!extent.IsHole)
            return (Math.Min(Count, (end + Unit - 1) / Unit * Unit), false);
        long wholeUnits = end == Count ? end : end / Unit * Unit;
        return wholeUnits > from ? (wholeUnits, true) : (from + Unit, false);
    }
}
