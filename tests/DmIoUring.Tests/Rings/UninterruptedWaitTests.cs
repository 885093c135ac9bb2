using DmIoUring.Rings;
using DmIoUring.Tests.Client;

namespace DmIoUring.Tests.Rings;

/// <summary>Waits that an interrupt neither ends nor loses.</summary>
public sealed class UninterruptedWaitTests
{
    [Fact]
    public void AnEvent_IsWaitedForToItsEnd()
    {
        using ManualResetEventSlim signal = new();
        AssertInterruptIsKept(signal.WaitUninterrupted, signal.Set);
    }

    [Fact]
    public void ALock_IsEnteredAllTheSame()
    {
        object gate = new();
        Monitor.Enter(gate);
        AssertInterruptIsKept(
            () =>
            {
                UninterruptedWait.Enter(gate);
                Monitor.Exit(gate);
            },
            () => Monitor.Exit(gate));
    }

    [Fact]
    public void ASleep_IsCutShort() => AssertInterruptIsKept(static () => UninterruptedWait.Sleep(Notification.Limit * 10), static () => { });

    private static void AssertInterruptIsKept(Action wait, Action end)
    {
        Exception? thrown = null;
        Exception? afterwards = null;
        Thread thread = new(() =>
        {
            thrown = Record.Exception(wait);
            afterwards = Record.Exception(static () => Thread.Sleep(0));
        });
        thread.Start();
        Assert.True(SpinWait.SpinUntil(() => (thread.ThreadState & ThreadState.WaitSleepJoin) != 0, Notification.Limit));
        thread.Interrupt();
        end();
        Assert.True(thread.Join(Notification.Limit));
        Assert.Null(thrown);
        Assert.IsType<ThreadInterruptedException>(afterwards);
    }
}
