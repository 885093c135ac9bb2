using DmIoUring.TestSupport;
using DmIoUring.Threading;

namespace DmIoUring.UnitTests.Threading;

/// <summary>Waits that an interrupt neither ends nor gets lost in.</summary>
public sealed class UninterruptedWaitTests
{
    [Fact]
    public void ALock_IsEnteredAllTheSame()
    {
        UninterruptedLock gate = new();
        bool entered = false;
        AssertKept(Interruption.UnderLock(gate, () =>
        {
            using (gate.Enter())
                entered = true;
        }));
        Assert.True(entered);
    }

    [Fact]
    public void ALock_IsEnteredTwiceByItsThread_AndLeftTwice()
    {
        UninterruptedLock gate = new();
        using (gate.Enter())
        using (gate.Enter())
        {
        }

        Thread other = new(() => gate.Enter().Dispose()) { IsBackground = true };
        other.Start();
        Assert.True(other.Join(Notification.Limit));
    }

    [Fact]
    public void AMonitor_IsEnteredAllTheSame()
    {
        UninterruptedMonitor gate = new();
        AssertKept(Interruption.UnderLock(gate, () => gate.Enter().Dispose()));
    }

    [Fact]
    public void AnEvent_IsWaitedForToItsEnd()
    {
        UninterruptedEvent signal = new();
        AssertKept(Interruption.During(signal.Wait, static () => { }, signal.Set));
    }

    [Fact]
    public void AnEvent_IsWaitedForUntilTheTimeIsUp()
    {
        UninterruptedEvent signal = new();
        bool told = false;
        bool isInterrupted = false;

        // Again until the interrupt has come: on a busy machine one wait may be over before.
        AssertKept(Interruption.During(
            () =>
            {
                do
                    told |= signal.Wait(TimeSpan.FromMilliseconds(100));
                while (!Volatile.Read(ref isInterrupted));
            },
            static () => { },
            () => Volatile.Write(ref isInterrupted, true)));
        Assert.False(told);
    }

    [Fact]
    public void AnEvent_EndsAWaitThatAllowsIt_OnAnInterrupt()
    {
        UninterruptedEvent signal = new();
        (Exception? thrown, bool isKept) = Interruption.During(signal.WaitUnlessInterrupted, static () => { }, static () => { });
        Assert.IsType<ThreadInterruptedException>(thrown);
        Assert.False(isKept);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ATask_IsWaitedForToItsEnd_WhateverComesOfIt(bool fails)
    {
        TaskCompletionSource task = new();
        bool ended = false;
        AssertKept(Interruption.During(
            () => ended = UninterruptedWait.WaitFor(task.Task, fails ? Timeout.InfiniteTimeSpan : Notification.Limit),
            static () => { },
            () =>
            {
                if (fails)
                    task.SetException(new IOException());
                else
                    task.SetResult();
            }));
        Assert.True(ended);
        Assert.False(UninterruptedWait.WaitFor(new TaskCompletionSource().Task, TimeSpan.FromMilliseconds(1)));
    }

    [Fact]
    public async Task AMutex_IsEnteredWhenItIsFree_ByThreadsAndTasks()
    {
        UninterruptedMutex gate = new();
        gate.Enter();
        AssertKept(Interruption.During(gate.Enter, static () => { }, gate.Exit));
        Task entered = gate.EnterAsync(TestContext.Current.CancellationToken);
        Assert.False(entered.IsCompleted);
        gate.Exit();
        await entered;
        gate.Exit();
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gate.EnterAsync(cancelled.Token));
    }

    [Fact]
    public void ASleep_IsCutShort() =>
        AssertKept(Interruption.During(static () => UninterruptedWait.Sleep(Notification.Limit * 10), static () => { }, static () => { }));

    private static void AssertKept((Exception? Thrown, bool IsKept) what) => Assert.Equal((null, true), what);
}
