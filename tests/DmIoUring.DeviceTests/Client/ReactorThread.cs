using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>A thread that owns a reactor and polls it, and does with it what other threads ask for.</summary>
internal sealed class ReactorThread : IDisposable
{
    /// <summary>How long it waits for one side while the other may have something: nothing is measured by it.</summary>
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(1);

    private readonly BlockingCollection<Action> _asked = [];
    private readonly Thread _thread;
    private bool _reactorEnded;

    public ReactorThread(IoReactor reactor)
    {
        Reactor = reactor;
        _thread = new Thread(Serve) { Name = "reactor under test" };
        _thread.Start();
    }

    public IoReactor Reactor { get; }

    /// <summary>Does something on the owner's thread and returns, or throws, as it does.</summary>
    public void Run(Action<IoReactor> action)
    {
        TaskCompletionSource<Exception?> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _asked.Add(() => done.SetResult(Record.Exception(() => action(Reactor))));
        Assert.True(done.Task.Wait(Notification.Limit), $"The reactor's thread does not answer within {Notification.Limit}.");
        if (done.Task.Result is { } thrown)
            ExceptionDispatchInfo.Throw(thrown);
    }

    /// <summary>Disposes the reactor; the thread goes on, and is refused.</summary>
    public void EndReactor() => Run(reactor =>
    {
        _reactorEnded = true;
        reactor.Dispose();
    });

    public void Dispose()
    {
        EndReactor();
        _asked.CompleteAdding();
        Assert.True(_thread.Join(Notification.Limit));
        _asked.Dispose();
    }

    private void Serve()
    {
        while (!_asked.IsCompleted)
        {
            bool isBusy = Reactor.UnderWay > 0;
            if (_asked.TryTake(out Action? action, isBusy ? TimeSpan.Zero : Turn))
                action();
            else if (!_reactorEnded)
                Reactor.Poll(1, Turn); // With nothing under way too: what was abandoned comes back in here.
        }
    }
}
