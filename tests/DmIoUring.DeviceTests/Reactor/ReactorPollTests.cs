using System.Diagnostics;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Reactor;

/// <summary>What a poll hands over, what it waits for, and what it runs.</summary>
public sealed class ReactorPollTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(20);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public void WithNothingUnderWay_ItReturnsAtOnce(int minimum)
    {
        using IoReactor reactor = new();
        Assert.Equal(0, reactor.Poll(minimum));
        Assert.Equal(0, reactor.Poll(minimum, Timeout.InfiniteTimeSpan));
        Assert.Equal(0, reactor.Statistics.Enters);
    }

    [Fact]
    public void NegativeNumbersAndTimes_AreRefused()
    {
        using IoReactor reactor = new();
        Assert.Equal("minimum", Assert.Throws<ArgumentOutOfRangeException>(() => reactor.Poll(-1)).ParamName);
        Assert.Equal("timeout", Assert.Throws<ArgumentOutOfRangeException>(() => reactor.Poll(1, TimeSpan.FromTicks(-1))).ParamName);
        Assert.Equal(0, reactor.Poll(1, TimeSpan.MaxValue));
    }

    [Fact]
    public void WhatWasSubmitted_IsHandedOverByThePoll_AndNotBefore()
    {
        using FaultDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using IoReactor reactor = new();
        EndedRequests ended = new();
        for (int i = 0; i < 4; i++)
            reactor.SubmitWrite(device.Region(i * 16, 8), data, ended.Notify);
        Assert.Empty(device.Changes());
        Assert.Equal((4, 0), (reactor.UnderWay, ended.Results.Count));

        Assert.Equal(4, reactor.Poll(4));

        ended.AssertAllWell(4);
        Assert.Equal(4, device.Changes().Length);
        Assert.Equal(0, reactor.UnderWay);
    }

    [Fact]
    public void ABatch_GoesToTheKernelByOneCall()
    {
        Require.KernelRing();
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        using IoReactor reactor = new();
        EndedRequests ended = new();
        for (int round = 1; round <= 3; round++)
        {
            IoStatistics before = reactor.Statistics;
            for (int i = 0; i < 32; i++)
                reactor.SubmitRead(device.Region(i * 8, 8), memory, ended.Notify);
            int early = reactor.Poll();
            IoStatistics after = reactor.Statistics;
            Assert.Equal((32, 1), (after.Entries - before.Entries, after.Enters - before.Enters));
            Assert.Equal(32 - early, reactor.Poll(32));
            ended.AssertAllWell(round * 32);
        }
    }

    [Fact]
    public void WithoutAMinimum_ItDoesNotWait()
    {
        using FaultDevice stuck = new();
        using IoMemory data = Pattern.Memory(4096);
        using IoReactor reactor = new();
        EndedRequests ended = new();
        using (Fault held = stuck.File.Hold(MediumOperations.Write))
        {
            reactor.SubmitWrite(stuck.Region(0, 8), data, ended.Notify);
            Assert.Equal(0, reactor.Poll());
            Assert.True(held.WaitForHits(1, Notification.Limit));
            Assert.Equal(0, reactor.Poll());
            Assert.Equal(0, reactor.Poll(1, TimeSpan.Zero));
            Assert.Equal((1, 0), (reactor.UnderWay, ended.Results.Count));
        }

        Assert.Equal(1, reactor.Poll(1));
        ended.AssertAllWell(1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    public void WithAMinimum_ThatManyHaveEnded(int minimum)
    {
        using TestDevice device = new(DeviceKind.File);
        using IoMemory memory = IoMemory.Allocate(4096);
        using IoReactor reactor = new();
        EndedRequests ended = new();
        for (int i = 0; i < 64; i++)
            reactor.SubmitRead(device.Region(i * 8, 8), memory, ended.Notify);
        int count = reactor.Poll(minimum);
        Assert.InRange(count, minimum, 64);
        Assert.Equal(count, ended.Results.Count);
        Assert.Equal(64 - count, reactor.UnderWay);
        Assert.Equal(64 - count, reactor.Poll(int.MaxValue));
        ended.AssertAllWell(64);
    }

    [Fact]
    public void ARequestThatEndsWithoutTheKernel_IsNotSleptOver()
    {
        using FaultDevice stuck = new();
        using IoMemory data = Pattern.Memory(4096);
        using IoReactor reactor = new();
        EndedRequests ended = new();
        using (Fault held = stuck.File.Hold(MediumOperations.Write))
        {
            reactor.SubmitWrite(stuck.Region(0, 8), data, ended.Notify);
            Assert.Equal(0, reactor.Poll());
            reactor.SubmitWrite(stuck.Region(0, 0), data, ended.Notify);

            // Slept over, it would be told when the time is up: only the time tells the two apart.
            long start = Stopwatch.GetTimestamp();
            Assert.Equal(1, reactor.Poll(1, Notification.Limit));
            Assert.True(Stopwatch.GetElapsedTime(start) < Notification.Limit / 2, "Poll slept although enough had ended.");
        }

        Assert.Equal(1, reactor.Poll(1));
        ended.AssertAllWell(2);
    }

    [Fact]
    public void WhenTheTimeIsUp_FewerHaveEnded()
    {
        using FaultDevice stuck = new();
        using TestDevice healthy = new();
        using IoMemory data = Pattern.Memory(4096);
        using IoReactor reactor = new();
        EndedRequests ended = new();
        using (Fault held = stuck.File.Hold(MediumOperations.Write))
        {
            long start = Stopwatch.GetTimestamp();
            reactor.SubmitWrite(stuck.Region(0, 8), data, ended.Notify);
            Assert.Equal(0, reactor.Poll(1, Short));
            Assert.True(Stopwatch.GetElapsedTime(start) >= Short);
            reactor.SubmitWrite(healthy.Region(0, 8), data, ended.Notify);
            int count = 0;
            while (count == 0)
                count += reactor.Poll(2, Short);
            Assert.Equal((1, 1), (count, reactor.UnderWay));
        }

        Assert.Equal(1, reactor.Poll(1, Timeout.InfiniteTimeSpan));
        ended.AssertAllWell(2);
    }

    /// <summary>What waits behind a stuck request for its place goes on with the places of those that end.</summary>
    [Fact]
    public void AStuckRequest_DoesNotHoldUpThoseThatWaitForAPlace()
    {
        using FaultDevice stuck = new();
        using TestDevice healthy = new();
        using IoMemory data = Pattern.Memory(4096);
        using IoReactor reactor = new(new IoReactorOptions { QueueDepth = 2 });
        EndedRequests ended = new();
        using (Fault held = stuck.File.Hold(MediumOperations.Write))
        {
            reactor.SubmitWrite(stuck.Region(0, 8), data, ended.Notify);
            for (int i = 0; i < 10; i++)
                reactor.SubmitWrite(healthy.Region(i * 8, 8), data, ended.Notify);
            Assert.Equal(10, reactor.Poll(10, Notification.Limit));
            ended.AssertAllWell(10);
        }

        Assert.Equal(1, reactor.Poll(1));
        for (int i = 0; i < 10; i++)
            healthy.AssertHolds(i * 8, data.GetSpan());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(64)]
    public void MoreRequestsThanTheQueueTakes_AllEnd(int depth)
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using IoReactor reactor = new(new IoReactorOptions { QueueDepth = depth });
        EndedRequests ended = new();
        for (int i = 0; i < 200; i++)
            reactor.SubmitWrite(device.Region(i * 8, 8), data, ended.Notify);
        Assert.Equal(200, reactor.UnderWay);
        Assert.Equal(200, reactor.Poll(int.MaxValue));
        ended.AssertAllWell(200);
        for (int i = 0; i < 200; i++)
            device.AssertHolds(i * 8, data.GetSpan());
    }

    [Fact]
    public void WhatACallbackSubmits_GoesWithTheNextPoll()
    {
        Require.KernelRing();
        using TestDevice device = new(DeviceKind.File);
        using IoMemory memory = IoMemory.Allocate(4096);
        using IoReactor reactor = new();
        EndedRequests ended = new();
        reactor.SubmitRead(device.Region(0, 8), memory, (result, context) =>
        {
            ended.Notify(result, context);
            for (int i = 0; i < 10; i++)
                reactor.SubmitRead(device.Region(i * 8, 8), memory, ended.Notify);
        });
        Assert.Equal(1, reactor.Poll(1));
        Assert.Equal((10, 1), (reactor.UnderWay, ended.Results.Count));
        long enters = reactor.Statistics.Enters;
        int early = reactor.Poll();
        Assert.Equal(enters + 1, reactor.Statistics.Enters);
        Assert.Equal(10 - early, reactor.Poll(10));
        ended.AssertAllWell(11);
    }

    [Fact]
    public void AThousandDeep_EachFromTheOneBefore_AllEnd()
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using IoReactor reactor = new();
        int count = 0;
        IoNotify notify = null!;
        notify = (result, _) =>
        {
            Assert.Equal(default, result);
            if (++count < 1000)
                reactor.SubmitWrite(device.Region(count % 256 * 8, 8), data, notify);
        };
        reactor.SubmitWrite(device.Region(0, 8), data, notify);
        Assert.Equal(1000, reactor.Poll(1) + PollRest());
        Assert.Equal((1000, 0L), (count, reactor.Statistics.CallbackExceptions));
        for (int i = 0; i < 256; i++)
            device.AssertHolds(i * 8, data.GetSpan());

        int PollRest()
        {
            int rest = 0;
            while (reactor.UnderWay > 0)
                rest += reactor.Poll(1);
            return rest;
        }
    }

    [Fact]
    public void InACallback_ItIsRefused_AndThePollThatRunsTheCallbackGoesOn()
    {
        using TestDevice device = new(DeviceKind.File);
        using IoMemory memory = IoMemory.Allocate(4096);
        using IoReactor reactor = new();
        EndedRequests ended = new();
        Exception? thrown = null;
        reactor.SubmitRead(device.Region(0, 8), memory, (_, _) => thrown = Record.Exception(() => reactor.Poll()));
        reactor.SubmitRead(device.Region(8, 8), memory, ended.Notify);
        Assert.Equal(2, reactor.Poll(2));
        Assert.Contains("in a callback", Assert.IsType<InvalidOperationException>(thrown).Message, StringComparison.Ordinal);
        ended.AssertAllWell(1);
        reactor.SubmitRead(device.Region(8, 8), memory, ended.Notify);
        Assert.Equal(1, reactor.Poll(1));
    }

    [Fact]
    public void ACallbackThatThrows_IsReportedOnce_AndTheOthersRun()
    {
        List<Exception> reported = [];
        using TestDevice device = new(DeviceKind.File);
        using IoMemory memory = IoMemory.Allocate(4096);
        using IoReactor reactor = new(new IoReactorOptions { CallbackFailed = reported.Add });
        EndedRequests ended = new();
        InvalidOperationException thrown = new("from the callback");
        for (int i = 0; i < 3; i++)
        {
            reactor.SubmitRead(device.Region(0, 8), memory, ended.Notify);
            reactor.SubmitRead(device.Region(0, 8), memory, (_, _) => throw thrown);
            reactor.SubmitRead(device.Region(0, 8), memory, ended.Notify);
            Assert.Equal(3, reactor.Poll(3));
        }

        ended.AssertAllWell(6);
        Assert.Equal(3, reported.Count);
        Assert.All(reported, exception => Assert.Same(thrown, exception));
        Assert.Equal((3, 9), (reactor.Statistics.CallbackExceptions, reactor.Statistics.Requests));
    }
}
