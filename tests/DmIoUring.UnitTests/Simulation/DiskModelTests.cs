using DmIoUring.Engine;
using DmIoUring.Simulation;
using DmIoUring.Simulation.Checks;
using DmIoUring.Simulation.Kernel;

namespace DmIoUring.UnitTests.Simulation;

/// <summary>What the simulation's judge of durability lets pass, and what not.</summary>
public sealed class DiskModelTests
{
    private static readonly byte[] Old = new byte[IoRegion.SectorSize];
    private readonly byte[] _new = [.. Enumerable.Repeat((byte)7, IoRegion.SectorSize)];
    private readonly SimulatedDisk _disk = MakeDisk();
    private readonly SectorHistory _history;
    private readonly ModelRegion _writer;

    public DiskModelTests()
    {
        _history = new SectorHistory(_disk);
        ModelRequest request = new(0, IoOperation.Write, IoFlags.None, default);
        _writer = new ModelRegion(request, 0, new IoRegion(_disk.Open(0), 0, 0), _disk, new Verdict(new Trace(null)));
        _history.Begin(0, new SectorValue(_new, 0, _writer));
    }

    [Fact]
    public void WriteThatHasEnded_MayBeLostInAPowerCut_ButIsReadBefore()
    {
        _history.Succeed(0, _writer, now: 5, isDurable: false);

        Assert.True(_history.MaySurvive(0, _disk.Initial.AsSpan(0, IoRegion.SectorSize)));
        Assert.True(_history.MaySurvive(0, _new));
        Assert.False(_history.MayBeRead(0, 0, _disk.Initial.AsSpan(0, IoRegion.SectorSize)));
        Assert.False(_history.MaySurvive(0, Old));
    }

    [Fact]
    public void FlushAskedForAfterTheWrite_MakesItSurvive()
    {
        _history.Succeed(0, _writer, now: 5, isDurable: false);
        _history.Flush(since: 6);

        Assert.False(_history.MaySurvive(0, _disk.Initial.AsSpan(0, IoRegion.SectorSize)));
    }

    [Fact]
    public void FlushAskedForBeforeTheWriteEnded_PromisesNothing()
    {
        _history.Succeed(0, _writer, now: 5, isDurable: false);
        _history.Flush(since: 4);

        Assert.True(_history.MaySurvive(0, _disk.Initial.AsSpan(0, IoRegion.SectorSize)));
    }

    [Fact]
    public void FuaWrite_Survives()
    {
        _history.Succeed(0, _writer, now: 5, isDurable: true);

        Assert.False(_history.MaySurvive(0, _disk.Initial.AsSpan(0, IoRegion.SectorSize)));
    }

    [Fact]
    public void WriteThatWasNeverIssued_MayBeNowhere()
    {
        _history.Withdraw(0, _writer);

        Assert.False(_history.MaySurvive(0, _new));
    }

    [Fact]
    public void PowerCut_KeepsWhatAFlushFoundWhenItBegan()
    {
        _disk.Write(0, _new);
        List<FlushedSector> flush = _disk.BeginFlush();
        _disk.Write(0, Old);
        _disk.EndFlush(flush);

        _disk.CutPower(new SeededRandom(1));

        Assert.True(_disk.Sector(0).SequenceEqual(_new) || _disk.Sector(0).SequenceEqual(Old));
    }

    [Fact]
    public void PowerCut_AfterAnOlderFlushEndedLast_LeavesWhatWasDurableBefore()
    {
        _disk.Write(0, Old);
        List<FlushedSector> flush = _disk.BeginFlush();
        _disk.Write(0, _new);
        _disk.Persist(0, IoRegion.SectorSize);
        _disk.EndFlush(flush);

        _disk.CutPower(new SeededRandom(1));

        Assert.True(_disk.Sector(0).SequenceEqual(_new));
    }

    private static SimulatedDisk MakeDisk()
    {
        // The first seed whose disk has a volatile cache and whole blocks.
        for (ulong seed = 1; ; seed++)
        {
            SeededRandom random = new(seed);
            SimulatedDisk disk = new(0, new Scenario(random), random);
            if (disk.Traits is { HasVolatileCache: true, OffsetAlignment: >= IoRegion.SectorSize })
                return disk;
        }
    }
}
