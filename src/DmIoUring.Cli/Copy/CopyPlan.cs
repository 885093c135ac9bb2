using DmIoUring.Cli.Devices;

namespace DmIoUring.Cli.Copy;

/// <summary>A copy that passed every check: everything it needs is open, and nothing was written yet.</summary>
internal sealed class CopyPlan : IDisposable
{
    public required CopyRequest Request { get; init; }

    public required DmIoClient Client { get; init; }

    public required DeviceFile SourceFile { get; init; }

    public required IReadOnlyList<CopyDestination> Destinations { get; init; }

    /// <summary>The source's size when the copy was planned: what every destination gets.</summary>
    public required long Bytes { get; init; }

    /// <summary>What a person should know about checks that could not be made.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Called when the phase is about to begin and nothing is under way.</summary>
    public Action<CopyPhase>? PhaseBegins { get; set; }

    public BlockDevice Source => SourceFile.Device;

    /// <summary>The largest logical block of all devices, in bytes: what direct I/O to all of them at once needs.</summary>
    public int Unit => Math.Max(Source.LogicalBlockSize, Destinations.Max(destination => destination.Device.LogicalBlockSize));

    /// <summary>What the end of the source has beyond whole blocks, in bytes: it goes through the page cache (<see cref="TailCopy"/>).</summary>
    public int TailBytes => (int)(Bytes % Unit);

    /// <summary>Sectors in pieces, without the tail.</summary>
    public long SectorCount => (Bytes - TailBytes) / IoRegion.SectorSize;

    /// <summary>Sectors of a piece of the copy and of its checks, which both begin at sector 0.</summary>
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
        SourceFile.Dispose();
        foreach (CopyDestination destination in Destinations)
            destination.Dispose();
    }
}
