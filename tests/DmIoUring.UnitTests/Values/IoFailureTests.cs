using DmIoUring.Interop;

namespace DmIoUring.UnitTests.Values;

public sealed class IoFailureTests
{
    [Theory]
    [InlineData(IoFailureCause.Device, Errno.EIO, "region 2, sector 77: EIO")]
    [InlineData(IoFailureCause.BeyondEnd, Errno.EIO, "region 2, sector 77: EIO (beyond the end of the device; nothing was issued)")]
    [InlineData(IoFailureCause.Misaligned, Errno.EINVAL, "region 2, sector 77: EINVAL (off the device's logical block; nothing was issued)")]
    [InlineData(IoFailureCause.ReadOnly, Errno.EROFS, "region 2, sector 77: EROFS (the device is open for reading only; nothing was issued)")]
    [InlineData(IoFailureCause.EndedEarly, Errno.EIO, "region 2, sector 77: EIO (the device ended before the transfer did)")]
    [InlineData(IoFailureCause.RetriesExhausted, Errno.EAGAIN, "region 2, sector 77: EAGAIN (still busy after every retry)")]
    public void ToString_NamesRegionSectorErrnoAndCause(IoFailureCause cause, int errno, string text) =>
        Assert.Equal(text, new IoFailure(2, 77, errno, cause).ToString());

    [Fact]
    public void EveryCauseButTheDevice_HasWordsOfItsOwn()
    {
        IoFailureCause[] silent = [IoFailureCause.None, IoFailureCause.Device];
        string[] texts = [.. Enum.GetValues<IoFailureCause>().Except(silent).Select(cause => new IoFailure(0, 0, Errno.EIO, cause).ToString())];
        Assert.All(texts, text => Assert.StartsWith("region 0, sector 0: EIO (", text, StringComparison.Ordinal));
        Assert.Equal(texts.Length, texts.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void ASectorPast32Bits_IsWrittenWhole() =>
        Assert.Contains(
            "sector 9223372036854775807:", new IoFailure(0, long.MaxValue, Errno.EIO, IoFailureCause.Device).ToString(), StringComparison.Ordinal);

    [Fact]
    public void AnUnknownErrno_IsNamedByItsNumber() => Assert.Equal("errno 4095", new IoFailure(0, 0, 4095, IoFailureCause.Device).ErrnoName);
}
