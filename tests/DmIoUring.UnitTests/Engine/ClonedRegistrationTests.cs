using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Memory;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Engine;

/// <summary>The pool's extents are registered in one table, which rings clone.</summary>
public sealed class ClonedRegistrationTests : IDisposable
{
    private readonly PagePool _pool = new();
    private readonly ScriptedBufferTable _table = new();
    private readonly RingScript _script;

    public ClonedRegistrationTests()
    {
        _pool.ShareRegistrations(_table);
        _script = new RingScript { Table = _table };
    }

    public void Dispose()
    {
        _script.Dispose();
        _pool.Dispose();
    }

    [Fact]
    public void ASecondRing_ClonesWhatWasRegisteredForTheFirst()
    {
        using PageReservation reservation = _pool.Reserve(16);
        using RingScript other = new() { Table = _table };
        using EngineBench first = new(_script, pool: _pool);
        using EngineBench second = new(other, pool: _pool);

        WriteRegistered(first, _script);
        WriteRegistered(second, other);

        Assert.Equal((1, 1), (_table.Opened, _table.Fills));
        Assert.Equal((0, 0), (first.Engine.CloneErrno, second.Engine.CloneErrno));
        Assert.Equal((0, 0), (first.Engine.RegisterErrno, second.Engine.RegisterErrno));
    }

    [Fact]
    public void BeforeThereIsMemory_NoTableIsOpened()
    {
        using EngineBench bench = new(_script, pool: _pool);
        Assert.True(bench.Write(new IoRegion(bench.Devices[0], 0, 8)).IsSuccess);
        Assert.Equal((0, null), (_table.Opened, bench.Engine.CloneErrno));
    }

    [Fact]
    public void AnExtentInPlaceOfAnother_IsClonedBeforeItIsUsed_AndTheOldOneLeavesTheTableAndTheRing()
    {
        using EngineBench bench = new(_script, pool: _pool);
        for (int round = 1; round <= 3; round++)
        {
            using PageReservation reservation = _pool.Reserve(16);
            WriteRegistered(bench, _script);
            Assert.Equal(round, _table.Fills);
        }

        bench.Turn();
        Assert.Empty(_table.Registered);
        Assert.Empty(_script.Registered);
    }

    [Fact]
    public void WhenOneRingHasLookedAtThePool_AnotherStillTakesOverWhatHasChanged()
    {
        using RingScript other = new() { Table = _table };
        using EngineBench first = new(_script, pool: _pool);
        using EngineBench second = new(other, pool: _pool);
        using (_pool.Reserve(16))
        {
            WriteRegistered(first, _script);
            WriteRegistered(second, other);
        }

        using PageReservation reservation = _pool.Reserve(32);
        WriteRegistered(first, _script);
        WriteRegistered(second, other);
        Assert.Equal(_script.Registered, other.Registered);
    }

    [Fact]
    public void ARefusedClone_MakesTheRingRegisterItself_AndNothingIsPinnedForTheTable()
    {
        using PageReservation reservation = _pool.Reserve(16);
        _script.CloneAnswer = -Errno.EINVAL;
        using EngineBench bench = new(_script, pool: _pool);

        WriteRegistered(bench, _script);

        Assert.Equal((Errno.EINVAL, 0), (bench.Engine.CloneErrno, bench.Engine.RegisterErrno));
        Assert.Equal(0, _table.Fills);
    }

    [Fact]
    public void AfterALaterRefusalForGood_TheRingKeepsItsClones_AndRegistersAndTakesOutByItself()
    {
        using EngineBench bench = new(_script, pool: _pool);
        PageReservation old = _pool.Reserve(16);
        WriteRegistered(bench, _script);
        (nint Start, long Length) cloned = _script.Registered[0];
        _script.CloneAnswer = -Errno.EINVAL;
        using PageReservation reservation = _pool.Reserve(64);
        bench.Turn();

        Assert.Equal(cloned, _script.Registered[0]);
        Assert.True(_script.Registered[1].Length >= 16 * PagePool.PageSize);
        Assert.Equal((Errno.EINVAL, 0), (bench.Engine.CloneErrno, bench.Engine.RegisterErrno));

        old.Dispose();
        reservation.Dispose();
        bench.Turn();
        Assert.All(_script.Registered.Values, static slot => Assert.Equal(0, slot.Start));
    }

    [Fact]
    public void WithoutMemoryForAClone_TheRingKeepsWhatItHas_AndClonesAfterTheNextChange()
    {
        using EngineBench bench = new(_script, pool: _pool);
        using PageReservation old = _pool.Reserve(16);
        WriteRegistered(bench, _script);
        (nint Start, long Length) cloned = _script.Registered[0];
        _script.CloneAnswer = -Errno.ENOMEM;
        using PageReservation reservation = _pool.Reserve(64);
        bench.Turn();

        Assert.Equal(cloned, Assert.Single(_script.Registered).Value);
        Assert.Equal((0, Errno.ENOMEM), (bench.Engine.CloneErrno, bench.Engine.RegisterErrno));
        WriteRegistered(bench, _script);

        _script.CloneAnswer = 0;
        using PageReservation more = _pool.Reserve(200);
        bench.Turn();
        Assert.Equal((0, 0), (bench.Engine.CloneErrno, bench.Engine.RegisterErrno));
        Assert.Equal(_table.Registered, _script.Registered);
    }

    [Fact]
    public void WithoutADescriptorForTheTable_PagesTravelAsTheyAre_UntilItOpensAfterAChange()
    {
        using PagePool pool = new();
        ScriptedBufferTable table = new() { OpenAnswer = -Errno.EMFILE };
        pool.ShareRegistrations(table);
        using PageReservation reservation = pool.Reserve(16);
        using RingScript script = new() { Table = table };
        using EngineBench bench = new(script, pool: pool);

        Assert.Equal(IoUring.IORING_OP_WRITE, Write(bench, script, pool).opcode);
        Assert.Empty(script.Registered);
        Assert.Equal((null, Errno.EMFILE), (bench.Engine.CloneErrno, bench.Engine.RegisterErrno));

        table.OpenAnswer = 0;
        using PageReservation more = pool.Reserve(16);
        WriteRegistered(bench, script, pool);
        Assert.Equal((0, 0), (bench.Engine.CloneErrno, bench.Engine.RegisterErrno));
    }

    [Fact]
    public void ATableThatIsRefusedForGood_IsAskedForOnce_AndEachRingRegistersItself()
    {
        using PagePool pool = new();
        ScriptedBufferTable table = new() { OpenAnswer = -Errno.EPERM };
        pool.ShareRegistrations(table);
        using PageReservation reservation = pool.Reserve(16);
        using RingScript other = new();
        using EngineBench first = new(_script, pool: pool);
        using EngineBench second = new(other, pool: pool);

        WriteRegistered(first, _script, pool);
        WriteRegistered(second, other, pool);

        Assert.Equal(1, table.Opened);
        Assert.Equal((Errno.EPERM, Errno.EPERM), (first.Engine.CloneErrno, second.Engine.CloneErrno));
        Assert.Equal((0, 0), (first.Engine.RegisterErrno, second.Engine.RegisterErrno));
    }

    [Fact]
    public void ARefusedTableOfTheRing_LeavesThePagesUnregistered()
    {
        using PageReservation reservation = _pool.Reserve(16);
        using RingScript script = new() { Table = _table, RegisterAnswer = -Errno.EINVAL };
        using EngineBench bench = new(script, pool: _pool);

        Assert.Equal(IoUring.IORING_OP_WRITE, Write(bench, script, _pool).opcode);

        Assert.Equal((0, Errno.EINVAL), (_table.Opened, bench.Engine.RegisterErrno));
    }

    [Fact]
    public void AnExtentThatMayNotBePinned_TravelsAsItIs_AndIsTriedAgainWithTheNextChange()
    {
        _table.RegisterAnswer = -Errno.ENOMEM;
        using PageReservation reservation = _pool.Reserve(16);
        using EngineBench bench = new(_script, pool: _pool);

        Assert.Equal(IoUring.IORING_OP_WRITE, Write(bench, _script, _pool).opcode);
        Assert.Equal((0, Errno.ENOMEM), (bench.Engine.CloneErrno, bench.Engine.RegisterErrno));

        _table.RegisterAnswer = 0;
        using PageReservation more = _pool.Reserve(16);
        WriteRegistered(bench, _script);
        Assert.Equal((2, 0), (_table.Fills, bench.Engine.RegisterErrno));
    }

    [Fact]
    public void ADisposedPool_ClosesItsTable_AndTheRingTakesOutWhatItHasCloned()
    {
        using EngineBench bench = new(_script, pool: _pool);
        _ = _pool.Reserve(16);
        WriteRegistered(bench, _script);

        _pool.Dispose();
        bench.Turn();

        Assert.True(_table.IsClosed);
        Assert.All(_script.Registered.Values, static slot => Assert.Equal(0, slot.Start));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WhereOneOfTwoRingsRefuses_BothRegisterThemselves(bool polledRefuses)
    {
        using PageReservation reservation = _pool.Reserve(16);
        using RingScript polled = new() { Table = _table, CompletesUnasked = true };
        using RingScript companion = new(beside: polled) { Table = _table, CompletesUnasked = true };
        (polledRefuses ? polled : companion).CloneAnswer = -Errno.EINVAL;
        using EngineBench bench = new(polled, pool: _pool, companion: companion);

        WriteRegistered(bench, polled);

        Assert.Equal((Errno.EINVAL, 0), (bench.Engine.CloneErrno, bench.Engine.RegisterErrno));
        Assert.Equal(polled.Registered, companion.Registered);
    }

    private void WriteRegistered(EngineBench bench, RingScript script) => WriteRegistered(bench, script, _pool);

    private static void WriteRegistered(EngineBench bench, RingScript script, PagePool pool)
    {
        IoUringSqe entry = Write(bench, script, pool);
        Assert.Equal(IoUring.IORING_OP_WRITE_FIXED, entry.opcode);
        (nint start, long length) = script.Registered[entry.buf_index];
        Assert.InRange((long)entry.addr, start, start + length - entry.len);
    }

    /// <summary>Writes pages of the pool; the entry that the ring got.</summary>
    private static IoUringSqe Write(EngineBench bench, RingScript script, PagePool pool)
    {
        using PageList pages = pool.Rent(2);
        Request request = bench.StartWith(IoOperation.Write, pages, default, new IoRegion(bench.Devices[0], 0, 16));
        bench.RunToEnd(request);
        Assert.True(request.Result.IsSuccess);
        return script.Taken[^1];
    }
}
