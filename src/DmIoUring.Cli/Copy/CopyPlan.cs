namespace DmIoUring.Cli.Copy;

/// <summary>A copy that passed every check: everything it needs is open, and nothing was written yet.</summary>
internal sealed class CopyPlan : IDisposable
{
    public required CopyRequest Request { get; init; }

    public required DmIoClient Client { get; init; }

    public required BlockDevice Source { get; init; }

    public required IReadOnlyList<CopyDestination> Destinations { get; init; }

    public long SectorCount => Source.SectorCount;

    public long PieceSectors => Request.BlockBytes / IoRegion.SectorSize;

    public long PieceCount => (SectorCount + PieceSectors - 1) / PieceSectors;

    /// <summary>The first sector of a piece, and how many it has; the last one may be shorter.</summary>
    public (long Sector, long Count) Piece(long index)
    {
        long sector = index * PieceSectors;
        return (sector, Math.Min(PieceSectors, SectorCount - sector));
    }

    public void Dispose()
    {
        Client.Dispose();
        Source.Dispose();
        foreach (CopyDestination destination in Destinations)
            destination.Dispose();
    }
}
