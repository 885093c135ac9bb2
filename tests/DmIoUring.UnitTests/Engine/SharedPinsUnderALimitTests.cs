using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Memory;
using DmIoUring.TestSupport;
using DmIoUring.UnitTests.Memory;

namespace DmIoUring.UnitTests.Engine;

/// <summary>Rings that share registrations while memory may be pinned only within a limit, or is being pinned by another.</summary>
public sealed class SharedPinsUnderALimitTests : IDisposable
{
    private const int OldPages = 300;
    private const int NewPages = 400;
    private readonly CountedFollower _follower = new();
    private readonly PagePool _pool;
    private readonly ScriptedBufferTable _table = new();
    private readonly RingScript _script;
    private readonly RingScript _other;

    public SharedPinsUnderALimitTests()
    {
        _pool = new PagePool { Participant = _follower };
        _pool.ShareRegistrations(_table);
        _script = new RingScript { Table = _table };
        _other = new RingScript { Table = _table };
        _table.Rings.AddRange([_script, _other]);
    }

    public void Dispose()
    {
        _script.Dispose();
        _other.Dispose();
        _pool.Dispose();
    }

    [Fact]
    public void AnExtentInPlaceOfAnother_IsPinnedWhenTheOldOneIsNot()
    {
        using EngineBench bench = new(_script, pool: _pool);
        using (_pool.Reserve(OldPages))
        {
            Assert.True(IsRegistered(bench, _script));
            AllowOneAndAHalf();
        }

        using PageReservation reservation = _pool.Reserve(NewPages);
        Assert.True(IsRegistered(bench, _script));
        Assert.Equal(0, bench.Engine.RegisterErrno);
    }

    [Fact]
    public void WhatIsRefusedToOneRing_IsRegisteredForBoth_WhenTheOtherHasDroppedItsClone()
    {
        using EngineBench first = new(_script, pool: _pool);
        using EngineBench second = new(_other, pool: _pool);
        using (_pool.Reserve(OldPages))
        {
            Assert.True(IsRegistered(first, _script) && IsRegistered(second, _other));
            AllowOneAndAHalf();
        }

        using PageReservation reservation = _pool.Reserve(NewPages);
        Assert.False(IsRegistered(first, _script));
        Assert.Equal(Errno.ENOMEM, first.Engine.RegisterErrno);
        int woken = _follower.Released;

        Assert.True(IsRegistered(second, _other));
        Assert.Equal(woken + 1, _follower.Released);
        Assert.True(IsRegistered(first, _script));
        Assert.Equal((0, 0), (first.Engine.RegisterErrno, second.Engine.RegisterErrno));
    }

    [Fact]
    public void WhatIsRefusedForGood_IsTriedOnceByEachRing()
    {
        using EngineBench first = new(_script, pool: _pool);
        using EngineBench second = new(_other, pool: _pool);
        int tried = 0;
        _table.WhileRegistering = () => tried++;
        _table.MostPinned = 0;
        using PageReservation reservation = _pool.Reserve(OldPages);
        for (int i = 0; i < 3; i++)
            Assert.False(IsRegistered(first, _script) || IsRegistered(second, _other));
        Assert.Equal(2, tried);
        Assert.Equal(0, _follower.Released);
    }

    [Fact]
    public void WhileARingPins_AnotherUsesItsPagesUnregistered_AndIsWokenForItsClone()
    {
        using EngineBench first = new(_script, pool: _pool);
        using EngineBench second = new(_other, pool: _pool);
        using PageReservation reservation = _pool.Reserve(OldPages);
        bool? registered = null;
        _table.WhileRegistering = () => registered = IsRegistered(second, _other);

        Assert.True(IsRegistered(first, _script));

        Assert.False(registered);
        Assert.Equal(1, _follower.Released);
        Assert.Null(second.Engine.RegisterErrno);
        Assert.True(IsRegistered(second, _other));
        Assert.Equal(1, _follower.Released);
    }

    [Fact]
    public void APoolThatIsDisposedWhileARingPins_DoesNotWait_AndTheRingClosesTheTable()
    {
        using EngineBench bench = new(_script, pool: _pool);
        using PageReservation reservation = _pool.Reserve(OldPages);
        _table.WhileRegistering = () =>
        {
            _pool.Dispose();
            Assert.False(_table.IsClosed);
        };

        Assert.True(IsRegistered(bench, _script));

        Assert.True(_table.IsClosed);
    }

    [Fact]
    public void ADisposedPool_SharesNothing()
    {
        _pool.Dispose();
        using PagePool pool = new();
        pool.Dispose();
        pool.ShareRegistrations(_table);
        Assert.Null(pool.Registry);
    }

    /// <summary>One and a half times what is pinned now.</summary>
    private void AllowOneAndAHalf() => _table.MostPinned = _table.Registered.Values.Sum(static memory => memory.Length) * 3 / 2;

    private bool IsRegistered(EngineBench bench, RingScript script)
    {
        using PageList pages = _pool.Rent(2);
        Request request = bench.StartWith(IoOperation.Write, pages, default, new IoRegion(bench.Devices[0], 0, 16));
        bench.RunToEnd(request);
        Assert.True(request.Result.IsSuccess);
        return script.Taken[^1].opcode == IoUring.IORING_OP_WRITE_FIXED;
    }
}
