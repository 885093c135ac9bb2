using System.Diagnostics;
using DmIoUring.DeviceTests.Client;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Reactor;

/// <summary>What other threads may ask of a reactor: to end its wait, and to run something on its thread.</summary>
public sealed class ReactorWakeTests
{
    private static readonly IoWaitPolicy[] Policies = [IoWaitPolicy.Adaptive, IoWaitPolicy.Sleep, IoWaitPolicy.Busy];
    private static readonly IoRingKind[] Rings = [IoRingKind.Automatic, IoRingKind.Workers];

    public static TheoryData<IoRingKind, IoWaitPolicy> All
    {
        get
        {
            TheoryData<IoRingKind, IoWaitPolicy> data = [];
            foreach (IoRingKind ring in Rings)
            {
                foreach (IoWaitPolicy policy in Policies)
                    data.Add(ring, policy);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Wake_EndsAWaitForNothing_EachTime(IoRingKind ring, IoWaitPolicy policy)
    {
        using IoReactor reactor = New(ring, policy);
        using Alternation turns = new(reactor.Wake);
        for (int i = 0; i < 200; i++)
        {
            turns.LetGo();
            Assert.Equal(0, reactor.Poll(1));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Wake_EndsAWaitForADeviceThatDoesNotAnswer(IoRingKind ring, IoWaitPolicy policy)
    {
        using FrozenFile frozen = new();
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using IoReactor reactor = New(ring, policy);
        int stuck = 0;
        int ended = 0;
        reactor.SubmitWrite(new IoRegion(frozen.Device, 0, 8), data, (_, _) => stuck++);
        using (Alternation turns = new(reactor.Wake))
        {
            for (int i = 0; i < 20; i++)
            {
                turns.LetGo();
                Assert.Equal(0, reactor.Poll(1));
                reactor.SubmitWrite(device.Region(0, 8), data, (_, _) => ended++);
                Assert.Equal(1, reactor.Poll(1));
            }
        }

        Assert.Equal((0, 20), (stuck, ended));
        frozen.Thaw();
        while (stuck == 0)
            reactor.Poll(1);
    }

    [Fact]
    public void AWake_BeforeTheWait_EndsIt_Once()
    {
        using IoReactor reactor = New(IoRingKind.Automatic, IoWaitPolicy.Sleep);
        reactor.Wake();
        reactor.Wake();
        Assert.Equal(0, reactor.Poll(1));

        // The next one waits for as long as it may.
        long start = Stopwatch.GetTimestamp();
        Assert.Equal(0, reactor.Poll(1, TimeSpan.FromMilliseconds(20)));
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.FromMilliseconds(15), Notification.Limit);
    }

    [Fact]
    public void APollThatDoesNotWait_LeavesTheWakeUpToTheNext()
    {
        using IoReactor reactor = New(IoRingKind.Automatic, IoWaitPolicy.Sleep);
        reactor.Wake();
        Assert.Equal(0, reactor.Poll());
        Assert.Equal(0, reactor.Poll(1, TimeSpan.Zero));
        long start = Stopwatch.GetTimestamp();
        Assert.Equal(0, reactor.Poll(1, Notification.Limit));
        Assert.True(Stopwatch.GetElapsedTime(start) < Notification.Limit, "The wake-up was lost.");
    }

    [Fact]
    public void WhatAnActionSubmits_ThatRunsInDispose_EndsThere()
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        IoReactor reactor = New(IoRingKind.Automatic, IoWaitPolicy.Adaptive);
        int ended = 0;
        reactor.Post(_ => reactor.SubmitWrite(device.Region(8, 8), data, (result, _) => ended += result.IsSuccess ? 1 : 1000));
        reactor.Dispose();
        Assert.Equal(1, ended);
        device.AssertHolds(8, data.GetSpan());
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Post_RunsOnTheReactorsThread_EachOnce_InTheOrderOfItsThread(IoRingKind ring, IoWaitPolicy policy)
    {
        const int threads = 4;
        const int each = 2000;
        using IoReactor reactor = New(ring, policy);
        int owner = Environment.CurrentManagedThreadId;
        int[] next = new int[threads];
        int ran = 0;
        int wrong = 0;
        Thread[] posters = [.. Enumerable.Range(0, threads).Select(thread => new Thread(() =>
        {
            for (int i = 0; i < each; i++)
            {
                int number = i;
                reactor.Post(_ =>
                {
                    ran++;
                    if (Environment.CurrentManagedThreadId != owner || next[thread]++ != number)
                        wrong++;
                });
            }
        }))];
        Array.ForEach(posters, static poster => poster.Start());
        while (ran < threads * each)
            reactor.Poll(1);
        Array.ForEach(posters, static poster => poster.Join());
        Assert.Equal((threads * each, 0), (ran, wrong));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void WhatAPostedActionSubmits_IsUnderWay_WhenPollReturns(IoRingKind ring, IoWaitPolicy policy)
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using IoReactor reactor = New(ring, policy);
        int ended = 0;
        using Alternation turns = new(() => reactor.Post(_ => reactor.SubmitWrite(device.Region(8, 8), data, (result, _) => ended += result.IsSuccess ? 1 : 1000)));
        for (int i = 1; i <= 100; i++)
        {
            turns.LetGo();
            while (ended < i)
                reactor.Poll(1);
        }

        Assert.Equal(100, ended);
        device.AssertHolds(8, data.GetSpan());
    }

    [Fact]
    public void APostedActionThatThrows_IsReported_AndTheOthersRun()
    {
        List<Exception> reported = [];
        using IoReactor reactor = new(new IoReactorOptions { CanBeWoken = true, CallbackFailed = reported.Add });
        object? seen = null;
        object state = new();
        reactor.Post(static _ => throw new InvalidDataException("mine"));
        reactor.Post(given => seen = given, state);
        reactor.Poll();
        Assert.Same(state, seen);
        Assert.Equal("mine", Assert.IsType<InvalidDataException>(Assert.Single(reported)).Message);
        Assert.Equal(1, reactor.Statistics.CallbackExceptions);
    }

    [Fact]
    public void WhatWasPostedBeforeDispose_RunsInIt_AndNothingAfter()
    {
        IoReactor reactor = New(IoRingKind.Automatic, IoWaitPolicy.Adaptive);
        int ran = 0;
        reactor.Post(_ => ran++);
        reactor.Dispose();
        Assert.Equal(1, ran);
        Assert.Throws<ObjectDisposedException>(() => reactor.Post(_ => ran++));
        reactor.Wake();
        Assert.Equal(1, ran);
    }

    [Fact]
    public void WithoutTheOption_NeitherIsPossible_AndPollDoesNotWaitForNothing()
    {
        using IoReactor reactor = new();
        Assert.Contains("CanBeWoken", Assert.Throws<InvalidOperationException>(reactor.Wake).Message, StringComparison.Ordinal);
        Assert.Contains("CanBeWoken", Assert.Throws<InvalidOperationException>(() => reactor.Post(static _ => { })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => reactor.Post(null!));
        Assert.Equal(0, reactor.Poll(1));
    }

    private static IoReactor New(IoRingKind ring, IoWaitPolicy policy) => new(new IoReactorOptions { CanBeWoken = true, Ring = ring, WaitPolicy = policy });

    /// <summary>Another thread that does something each time it is let go.</summary>
    private sealed class Alternation : IDisposable
    {
        private readonly SemaphoreSlim _turns = new(0);
        private readonly Thread _thread;
        private volatile bool _ends;

        public Alternation(Action action)
        {
            _thread = new Thread(() =>
            {
                while (true)
                {
                    _turns.Wait();
                    if (_ends)
                        return;
                    action();
                }
            });
            _thread.Start();
        }

        public void LetGo() => _turns.Release();

        public void Dispose()
        {
            _ends = true;
            _turns.Release();
            _thread.Join();
            _turns.Dispose();
        }
    }
}
