using System.Collections.Concurrent;
using DmIoUring.Drivers;
using DmIoUring.Threading;

namespace DmIoUring;

/// <content>What other threads may ask of a reactor: to end its wait, and to run something on its thread.</content>
public sealed partial class IoReactor
{
    private readonly OwnerWake? _wake;
    /// <summary>How long a wait is for several completions, where a wake-up is to end it: so late a wake-up may be noticed. Nanoseconds.</summary>
    private const long WakeableMinWait = 20_000;

    private readonly ConcurrentQueue<(Action<object?> Action, object? State)> _posted = new();
    private readonly UninterruptedLock _postLock = new();
    private AwakeWait _idleWait;

    /// <summary>
    /// Ends the wait of the <see cref="Poll"/> that is under way, or of the next one that would wait: it returns with what has ended so far. Several calls may
    /// end one wait. Any thread, callbacks included; nothing happens after <see cref="Dispose"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException"><see cref="IoReactorOptions.CanBeWoken"/> is not set.</exception>
    public void Wake() => RequireWake().Wake();

    /// <summary>
    /// Runs an action on the reactor's thread, in its <see cref="Poll"/>, which it wakes: what another thread wants submitted goes this way. Actions run in the
    /// order in which one thread posted them. Any thread, callbacks included.
    /// </summary>
    /// <param name="action">What to run. It must not block. An exception is counted and reported like one of a callback (<see cref="IoDriverOptions.CallbackFailed"/>).</param>
    /// <param name="state">Handed to <paramref name="action"/>; with a static action nothing is allocated.</param>
    /// <exception cref="InvalidOperationException"><see cref="IoReactorOptions.CanBeWoken"/> is not set.</exception>
    /// <exception cref="ObjectDisposedException">The reactor was disposed; the action does not run. One that was posted before runs in Dispose, and may still submit unless another thread posted it while Dispose had begun.</exception>
    public void Post(Action<object?> action, object? state = null)
    {
        ArgumentNullException.ThrowIfNull(action);
        OwnerWake wake = RequireWake();
        using (_postLock.Enter())
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _posted.Enqueue((action, state));
        }

        wake.Wake();
    }

    private OwnerWake RequireWake() => _wake ?? throw new InvalidOperationException(
        "The reactor can't be woken: set IoReactorOptions.CanBeWoken when it is made.");

    /// <summary>Runs what was posted while requests are still taken.</summary>
    private void RunLastPosts()
    {
        _polls = true;
        bool before = CallbackThread.Set(true);
        RunPosted();
        CallbackThread.Set(before);
        _polls = false;
    }

    /// <summary>Refuses further actions.</summary>
    private void ClosePosts()
    {
        using (_postLock.Enter())
            _disposed = true;
    }

    /// <summary>Runs what was posted.</summary>
    /// <param name="waits">Whether the poll is to wait: one that is not leaves the wake-up to the next.</param>
    /// <returns>Whether the reactor was woken since the last wait, so that it must not wait now.</returns>
    private bool NoticeWake(bool waits)
    {
        bool woken = waits && _wake!.IsWoken && _wake.EndSleep();
        RunPosted();
        return woken;
    }

    /// <summary>Waits until so many chunks have completed, or until it is woken.</summary>
    /// <returns>Whether it was woken.</returns>
    private bool WaitWakeable(OwnerWake wake, uint completions, long left, long limit, long start)
    {
        if (WaitAwake(left, ref UnderWay == 0 ? ref _idleWait : ref _awakeWait))
            return wake.IsWoken && wake.EndSleep();
        if (wake.TrySleep())
            Sleep(completions, limit, start, WakeableMinWait);

        return wake.EndSleep();
    }

    /// <summary>Runs what was posted before the call. Must be called on the owning thread.</summary>
    private void RunPosted()
    {
        for (int left = _posted.Count; left > 0 && _posted.TryDequeue(out (Action<object?> Action, object? State) posted); left--)
        {
            try
            {
                posted.Action(posted.State);
            }
#pragma warning disable CA1031 // The caller's code may throw anything; the poll must continue; the exception is reported.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                _reporter.Report(exception);
            }
        }
    }
}
