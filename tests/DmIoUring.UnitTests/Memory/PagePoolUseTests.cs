using DmIoUring.Memory;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Memory;

public sealed class PagePoolUseTests
{
    [Fact]
    public void Return_InFlight_Throws_AndWorksAfterTheLastUse()
    {
        using PagePool pool = new(new CountedExtents());
        using PageReservation reservation = pool.Reserve(4);
        PageList list = pool.Rent(2);
        list.BeginUse();
        list.BeginUse();
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(list.Dispose);
        Assert.Contains("in flight, 2 uses", refused.Message, StringComparison.Ordinal);
        list.EndUse();
        Assert.Throws<InvalidOperationException>(list.Dispose);
        list.EndUse();
        list.Dispose();
        Assert.Equal(4, pool.Counters.Free);
    }

    [Fact]
    public void MoreUsesThanCanBeCounted_AreRefused_AndTheRentalStands()
    {
        using PagePool pool = new(new CountedExtents());
        using PageReservation reservation = pool.Reserve(1);
        PageList list = pool.Rent(1);
        const int most = (1 << 20) - 1;
        for (int i = 0; i < most; i++)
            list.BeginUse();
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(list.BeginUse);
        Assert.Contains("1048575 uses", refused.Message, StringComparison.Ordinal);
        for (int i = 0; i < most; i++)
            list.EndUse();
        list.Dispose();
    }

    [Fact]
    public void UsesOfManyThreads_AreAllCounted()
    {
        using PagePool pool = new(new CountedExtents());
        using PageReservation reservation = pool.Reserve(1);
        PageList list = pool.Rent(1);
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ =>
        {
            for (int i = 0; i < 50_000; i++)
            {
                list.BeginUse();
                Assert.Throws<InvalidOperationException>(list.Dispose);
                list.EndUse();
                if (i == 100)
                    i = 49_900;
            }
        });
        list.Dispose();
        Assert.Equal(1, pool.Counters.Free);
    }

    [Fact]
    public void PoolDisposed_KeepsPagesInFlight_UntilTheyAreReturned()
    {
        CountedExtents source = new();
        PagePool pool = new(source);
        _ = pool.Reserve(16);
        PageList kept = pool.Rent(16);
        _ = pool.Reserve(100);
        PageList returned = pool.Rent(100);
        kept.BeginUse();
        returned.Dispose();
        pool.Dispose();

        Assert.Equal(1, source.Mapped);
        foreach (Span<byte> page in kept)
            page.Fill(3);
        Assert.Throws<InvalidOperationException>(kept.Dispose);
        kept.EndUse();
        Assert.Equal(1, source.Mapped);
        kept.Dispose();
        Assert.Equal(0, source.Mapped);
        Assert.Throws<InvalidOperationException>(kept.Dispose);
    }
}
