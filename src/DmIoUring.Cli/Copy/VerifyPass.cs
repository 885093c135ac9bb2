namespace DmIoUring.Cli.Copy;

/// <summary>
/// Reads the source again and every destination, and compares. Both go past the page cache where that is possible. What could not be read is not read again: a destination
/// has zeroes there (<see cref="CopyOnError.Zero"/>), or what it had before, which is not compared.
/// </summary>
internal sealed class VerifyPass(CopyPlan plan, CopyMeter meter, CopyLeg[] legs, NotReadRanges notRead, TailCopy? tail, bool isTailZeroed = false)
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
        if (!isTailZeroed)
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
            if (await ReadSourceAsync(sector, count, expected))
                await CompareAsync(sector, count, expected, actual);
            meter.AddVerified(count * IoRegion.SectorSize);
        }
    }

    /// <summary>Reads what can be compared of a piece.</summary>
    /// <returns>Whether that could be read.</returns>
    private async ValueTask<bool> ReadSourceAsync(long sector, long count, IoMemory expected)
    {
        foreach ((long from, long length, bool wasRead) in notRead.Split(sector, count))
        {
            IoBuffer part = expected.Slice((from - sector) * IoRegion.SectorSize, length * IoRegion.SectorSize);
            if (!wasRead)
            {
                Clear(expected, from - sector, length);
                continue;
            }

            IoResult source = await plan.Client.ReadAsync(new IoRegion(plan.Source, from, length), part);
            if (source.IsSuccess)
                continue;
            _readFailure.Note(CopyPhase.Read, from, length, source.First);
            return false;
        }

        return true;
    }

    /// <summary>Zeroes make the piece one that can be compared as a whole. Otherwise what was left out are whole blocks of every device.</summary>
    private async ValueTask CompareAsync(long sector, long count, IoMemory expected, IoMemory actual)
    {
        IEnumerable<(long, long, bool)> parts = plan.Request.OnError == CopyOnError.Zero ? [(sector, count, true)] : notRead.Split(sector, count);
        foreach ((long from, long length, bool wasRead) in parts)
        {
            if (!wasRead)
                continue;
            IoBuffer part = actual.Slice((from - sector) * IoRegion.SectorSize, length * IoRegion.SectorSize);
            foreach (CopyLeg leg in legs)
            {
                IoResult read = await plan.Client.ReadAsync(new IoRegion(leg.Device, from, length), part);
                if (!read.IsSuccess)
                    leg.NoteUnreadable(read.First);
                else if (FirstDifference(expected, actual, from - sector, length) is >= 0 and int difference)
                    leg.NoteDifference(from + difference / IoRegion.SectorSize);
            }
        }
    }

    private static void Clear(IoMemory memory, long sector, long count) => memory.GetSpan().Slice((int)sector * IoRegion.SectorSize, (int)count * IoRegion.SectorSize).Clear();

    /// <summary>The first byte that differs, or -1.</summary>
    private static int FirstDifference(IoMemory expected, IoMemory actual, long sector, long count)
    {
        int offset = (int)sector * IoRegion.SectorSize;
        int length = (int)count * IoRegion.SectorSize;
        int same = expected.GetSpan().Slice(offset, length).CommonPrefixLength(actual.GetSpan().Slice(offset, length));
        return same == length ? -1 : same;
    }
}
