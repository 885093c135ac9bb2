using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>Callbacks that get the number of bytes and two words of context. That they are told the right ones, the tests of every way assert.</summary>
public sealed class CompletedCallbackTests
{
    [Fact]
    public void CallbackOfNull_IsRefused_AndNothingIsWritten()
    {
        using DmIoClient client = new();
        using IoReactor reactor = new();
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        IoRegion region = device.Region(0, 8);
        IoRegion[] regions = [region];
        IoCompleted none = null!;
        Action[] calls =
        [
            () => client.SubmitRead(region, data, none, null, 1),
            () => client.SubmitWrite(region, data, none, null, 1),
            () => client.SubmitWrite(regions, data, none, null, 1),
            () => client.SubmitFlush(regions, none, null, 1),
            () => client.TrySubmitRead(region, data, none, null, 1),
            () => client.TrySubmitWrite(regions, data, none, null, 1),
            () => reactor.SubmitRead(region, data, none, null, 1),
            () => reactor.SubmitWrite(region, data, none, null, 1),
            () => reactor.SubmitWrite(regions, data, none, null, 1),
            () => reactor.SubmitFlush(regions, none, null, 1),
            () => client.SubmitFlush(region, none, null, 1),
            () => client.SubmitDiscard(region, none, null, 1),
            () => client.SubmitDiscard(regions, none, null, 1),
            () => client.SubmitWriteZeroes(region, none, null, 1),
            () => client.SubmitWriteZeroes(regions, none, null, 1),
            () => reactor.SubmitFlush(region, none, null, 1),
            () => reactor.SubmitDiscard(region, none, null, 1),
            () => reactor.SubmitDiscard(regions, none, null, 1),
            () => reactor.SubmitWriteZeroes(region, none, null, 1),
            () => reactor.SubmitWriteZeroes(regions, none, null, 1),
        ];
        Assert.All(calls, static call => Assert.Equal("notify", Assert.Throws<ArgumentNullException>(call).ParamName));
        Assert.Throws<ArgumentException>(() => client.Submit([IoRequest.Write(region, data, none, null, 1)]));
        Assert.Throws<ArgumentException>(() => reactor.Submit([IoRequest.Write(regions, data, none, null, 1)]));
        client.Dispose();
        device.AssertUntouched();
    }

    [Theory]
    [InlineData(IoCallbackThreads.Lane)]
    [InlineData(IoCallbackThreads.ThreadPool)]
    public void CallbackThatThrows_IsReported_AndTheNextRequestIsServed(IoCallbackThreads threads)
    {
        List<Exception> reported = [];
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using (DmIoClient client = new(new DmIoOptions { Callbacks = threads, CallbackFailed = reported.Add }))
        {
            client.SubmitWrite(device.Region(0, 8), data, static (_, _, _, tag) => throw new InvalidDataException($"tag {tag}"), null, 12);
            Assert.Equal(default, client.WriteAsync(device.Region(8, 8), data).AsTask().GetAwaiter().GetResult());
        }

        Assert.Equal("tag 12", Assert.IsType<InvalidDataException>(Assert.Single(reported)).Message);
    }

    /// <summary>A request serves both kinds of callbacks in turn, on the fast path and on the slow one: what one leaves behind is none of the other's.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void BothKindsOfCallbacks_InTurn_ByOneReservedRequest(int regions)
    {
        using IoReactor reactor = new();
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        IoRegion[] legs = [.. Enumerable.Range(0, regions).Select(leg => device.Region(leg * 8, 8))];
        using PageReservation reserve = reactor.Reserve(0, requests: 1);
        List<(object? Context, long Tag, long Bytes)> told = [];
        for (int i = 0; i < 40; i++)
        {
            IoRequestOptions options = i % 5 == 4 ? new IoRequestOptions(IoFlags.Fua) : default;
            if (i % 2 == 0)
                reactor.SubmitWrite(legs, data, (result, bytes, context, tag) => told.Add((context, tag, result.IsSuccess ? bytes : -1)), i, i, options);
            else
                reactor.SubmitWrite(legs, data, (result, context) => told.Add((context, result.IsSuccess ? -2 : -1, 0)), i % 3 == 0 ? null : i, options);
            Assert.Equal(1, reactor.Poll(1));
        }

        Assert.Equal(
            Enumerable.Range(0, 40).Select(i => i % 2 == 0 ? (i, i, regions * 4096L) : ((object?)(i % 3 == 0 ? null : i), -2L, 0L)),
            told);
    }

    [Fact]
    public void FailedRequest_IsToldNoBytes_AndItsTag()
    {
        using DmIoClient client = new();
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using ManualResetEventSlim done = new();
        (IoResult Result, long Bytes, long Tag) told = default;

        client.SubmitWrite(
            [device.Region(0, 8), new IoRegion(device.Device, device.Device.SectorCount, 8)],
            data,
            (result, bytes, _, tag) =>
            {
                told = (result, bytes, tag);
                done.Set();
            },
            null,
            long.MinValue);

        Assert.True(done.Wait(Notification.Limit));
        Assert.Equal((new RegionBits(2), 0, long.MinValue), (told.Result.Failed, told.Bytes, told.Tag));
    }
}
