using DmIoUring.Services.Mirroring;
using DmIoUring.Services.Mirroring.Metadata;

namespace DmIoUring.ServiceTests.Mirroring;

/// <summary>When a region's bit comes and goes.</summary>
public sealed class DirtyLogTests
{
    private static readonly MirrorLayout Layout = new(Sectors: 100_000 * 128L, RegionSectors: 128, HasChecksums: false);
    private readonly DirtyLog _log = new(Layout);

    [Fact]
    public void Write_MayGoOnlyWhenItsBitsAreOnTheMedium()
    {
        Assert.False(_log.BeginWrite(100, 60));
        Assert.False(_log.BeginWrite(100, 1));
        WriteLog();
        Assert.True(_log.BeginWrite(100, 60));
        Assert.False(_log.BeginWrite(100, 200));
    }

    [Fact]
    public void Bit_ThatIsClearedWhileItIsWritten_IsNotOnTheMedium()
    {
        _log.BeginWrite(0, 8);
        _log.EndWrite(0, 8);
        int block = _log.TakeChangedBlock();
        ulong[] written = _log.Block(block).ToArray();
        FlushAndClean();
        _log.EndBlock(block, written);
        Assert.False(_log.BeginWrite(0, 8));
    }

    [Fact]
    public void Bit_ThatIsSetAgainAfterTheBlockWasTaken_IsNotOnTheMedium()
    {
        _log.BeginWrite(0, 8);
        _log.EndWrite(0, 8);
        WriteLog();
        FlushAndClean();
        int block = _log.TakeChangedBlock();
        ulong[] written = _log.Block(block).ToArray();
        Assert.False(_log.BeginWrite(0, 8));
        _log.EndBlock(block, written);
        Assert.False(_log.BeginWrite(0, 8));
        WriteLog();
        Assert.True(_log.BeginWrite(0, 8));
    }

    [Fact]
    public void Region_WithAWriteInFlight_StaysDirty()
    {
        _log.BeginWrite(0, 8);
        FlushAndClean();
        Assert.True(_log.IsDirty(0));
    }

    [Fact]
    public void Region_WhoseWriteEndedAfterTheFlushBegan_StaysDirty()
    {
        _log.BeginWrite(0, 8);
        long flush = _log.BeginFlush();
        _log.EndWrite(0, 8);
        _log.EndFlush(flush);
        _log.Clean(_log.IdleBefore(long.MaxValue));
        Assert.True(_log.IsDirty(0));
        FlushAndClean();
        Assert.False(_log.IsDirty(0));
    }

    [Fact]
    public void Region_WhoseFlushFailed_StaysDirty()
    {
        _log.BeginWrite(0, 8);
        _log.EndWrite(0, 8);
        _log.BeginFlush();
        _log.Clean(_log.IdleBefore(long.MaxValue));
        Assert.True(_log.IsDirty(0));
    }

    [Fact]
    public void Region_ThatWasWrittenSinceTheCleaningBefore_StaysDirty()
    {
        long before = _log.BeginFlush();
        _log.EndFlush(before);
        _log.BeginWrite(0, 8);
        _log.EndWrite(0, 8);
        _log.EndFlush(_log.BeginFlush());
        _log.Clean(_log.IdleBefore(before));
        Assert.True(_log.IsDirty(0));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(LogBlock.RegionsPerBlock - 1, 0)]
    [InlineData(LogBlock.RegionsPerBlock, 1)]
    [InlineData(99_999, 3)]
    public void Region_IsInItsBlock_AndIsFoundThereAgain(int region, int block)
    {
        Guid id = Guid.NewGuid();
        _log.BeginWrite(region * 128L, 1);
        Assert.Equal(block, _log.TakeChangedBlock());
        Assert.Equal(-1, _log.TakeChangedBlock());
        byte[] bytes = new byte[MirrorLayout.BlockBytes];
        LogBlock.Write(bytes, id, block, _log.Block(block));
        ulong[] found = new ulong[LogBlock.WordsPerBlock];
        Assert.True(LogBlock.TryAdd(bytes, id, block, found));
        Assert.Equal(_log.Block(block).ToArray(), found);
        int bit = region - block * LogBlock.RegionsPerBlock;
        Assert.Equal(1UL << bit % 64, found[bit / 64]);

        Assert.False(LogBlock.TryAdd(bytes, Guid.NewGuid(), block, found));
        Assert.False(LogBlock.TryAdd(bytes, id, block + 1, found));
        for (int at = 0; at < bytes.Length; at += 97)
        {
            bytes[at] ^= 0x10;
            Assert.False(LogBlock.TryAdd(bytes, id, block, found));
            bytes[at] ^= 0x10;
        }
    }

    private void WriteLog()
    {
        for (int block = _log.TakeChangedBlock(); block >= 0; block = _log.TakeChangedBlock())
            _log.EndBlock(block, _log.Block(block).ToArray());
    }

    private void FlushAndClean()
    {
        _log.EndFlush(_log.BeginFlush());
        _log.Clean(_log.IdleBefore(long.MaxValue));
    }
}
