namespace DmIoUring.Cli.Copy;

/// <summary>Reads the source again and every destination, and compares. Both go past the page cache where that is possible.</summary>
internal sealed class VerifyPass(CopyPlan plan, CopyProgress progress, CopyLeg[] legs, Func<long, bool> isUnreadable, TailCopy? tail)
{
    private readonly FirstFailure _readFailure = new();
    private long _nextPiece;

    public CopyFailure? SourceFailure { get; private set; }

    /// <summary>Whether all of it was compared; not whether it was the same.</summary>
    public async Task<bool> RunAsync(CancellationToken cancellation)
    {
        await Workers.RunAsync(plan.Request.Depth, () => VerifyPiecesAsync(cancellation));
        if (_readFailure.IsSet)
        {
            using IoMemory memory = IoMemory.Allocate(plan.Request.BlockBytes);
            SourceFailure = await FailureSearch.InReadAsync(plan.Client, plan.Source, _readFailure, memory);
        }

        foreach (CopyLeg leg in legs)
            leg.EndVerify();
        if (tail is not null)
            await Task.Run(() => VerifyTail(tail), CancellationToken.None);
        return Interlocked.Read(ref _nextPiece) >= plan.PieceCount && SourceFailure is null;
    }

    private void VerifyTail(TailCopy tail)
    {
        if (_readFailure.IsSet)
            return;
        SourceFailure = tail.Read();
        foreach (CopyLeg leg in legs.Where(leg => SourceFailure is null && !leg.HasFailed))
            leg.Failure = tail.Verify(leg.File);
    }

    private async Task VerifyPiecesAsync(CancellationToken cancellation)
    {
        using IoMemory expected = IoMemory.Allocate(plan.Request.BlockBytes);
        using IoMemory actual = IoMemory.Allocate(plan.Request.BlockBytes);
        while (!cancellation.IsCancellationRequested)
        {
            long piece = Interlocked.Increment(ref _nextPiece) - 1;
            if (piece >= plan.PieceCount)
                return;
            (long sector, long count) = plan.Piece(piece);
            if (!isUnreadable(piece))
                await VerifyPieceAsync(sector, count, expected, actual);
            progress.AddVerified(count * IoRegion.SectorSize);
        }
    }

    private async ValueTask VerifyPieceAsync(long sector, long count, IoMemory expected, IoMemory actual)
    {
        int length = (int)count * IoRegion.SectorSize;
        IoResult source = await plan.Client.ReadAsync(new IoRegion(plan.Source, sector, count), expected.Slice(0, length));
        if (!source.IsSuccess)
        {
            _readFailure.Note(CopyPhase.Read, sector, count, source.First);
            return;
        }

        foreach (CopyLeg leg in legs)
        {
            IoResult read = await plan.Client.ReadAsync(new IoRegion(leg.Device, sector, count), actual.Slice(0, length));
            if (!read.IsSuccess)
                leg.NoteUnreadable(read.First);
            else if (FirstDifference(expected, actual, length) is >= 0 and int difference)
                leg.NoteDifference(sector + difference / IoRegion.SectorSize);
        }
    }

    /// <summary>The first byte that differs, or -1.</summary>
    private static int FirstDifference(IoMemory expected, IoMemory actual, int length)
    {
        Span<byte> left = expected.GetSpan()[..length];
        int same = left.CommonPrefixLength(actual.GetSpan()[..length]);
        return same == length ? -1 : same;
    }
}
