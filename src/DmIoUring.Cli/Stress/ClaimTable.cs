namespace DmIoUring.Cli.Stress;

/// <summary>
/// Who has which block of a device: several readers, or one writer. Nobody waits: who finds a block taken leaves it alone, so
/// that no order of claims can deadlock.
/// </summary>
internal sealed class ClaimTable(LegShape shape)
{
    private const int Writer = -1;
    private readonly int[] _claims = new int[shape.Sectors / shape.BlockSectors];

    public bool TryClaim(long sector, int count, bool exclusive)
    {
        (int first, int end) = Blocks(sector, count);
        for (int block = first; block < end; block++)
        {
            if (TryClaimBlock(block, exclusive))
                continue;
            Release(first, block, exclusive);
            return false;
        }

        return true;
    }

    public void Release(long sector, int count, bool exclusive)
    {
        (int first, int end) = Blocks(sector, count);
        Release(first, end, exclusive);
    }

    /// <summary>Waits for every block in turn; for one who holds nothing else that somebody could wait for.</summary>
    /// <returns>False when it took longer than <paramref name="patience"/>: nothing is held then.</returns>
    public bool ClaimAll(long sector, long count, TimeSpan patience)
    {
        (int first, int end) = Blocks(sector, count);
        long deadline = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        for (int block = first; block < end; block++)
        {
            while (!TryClaimBlock(block, exclusive: true))
            {
                if (Environment.TickCount64 > deadline)
                {
                    Release(first, block, exclusive: true);
                    return false;
                }

                Thread.Sleep(1);
            }
        }

        return true;
    }

    public void ReleaseAll(long sector, long count)
    {
        (int first, int end) = Blocks(sector, count);
        Release(first, end, exclusive: true);
    }

    private (int First, int End) Blocks(long sector, long count) =>
        ((int)(sector / shape.BlockSectors), (int)((sector + count + shape.BlockSectors - 1) / shape.BlockSectors));

    private bool TryClaimBlock(int block, bool exclusive)
    {
        ref int claim = ref _claims[block];
        if (exclusive)
            return Interlocked.CompareExchange(ref claim, Writer, 0) == 0;
        int readers = Volatile.Read(ref claim);
        while (readers >= 0)
        {
            int seen = Interlocked.CompareExchange(ref claim, readers + 1, readers);
            if (seen == readers)
                return true;
            readers = seen;
        }

        return false;
    }

    private void Release(int first, int end, bool exclusive)
    {
        for (int block = first; block < end; block++)
        {
            if (exclusive)
                Volatile.Write(ref _claims[block], 0);
            else
                Interlocked.Decrement(ref _claims[block]);
        }
    }
}
