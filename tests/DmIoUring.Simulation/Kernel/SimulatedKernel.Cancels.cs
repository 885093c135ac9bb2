using DmIoUring.Interop;

namespace DmIoUring.Simulation.Kernel;

/// <content>IORING_OP_ASYNC_CANCEL, as it was seen to answer: what is on a device is not found, what a worker has is being worked on.</content>
internal sealed unsafe partial class SimulatedKernel
{
    private void ScheduleCancel(KernelOperation cancel) =>
        At(Now + _random.NextLong(0, 100 * Microsecond), () => Cancel(cancel));

    private void Cancel(KernelOperation cancel)
    {
        KernelOperation? target = _live.Find(live => !live.IsCancel && live.Token == cancel.Entry.addr);
        if (target is null)
        {
            Lose(cancel, -Errno.ENOENT);
        }
        else if (target.CanBeCancelled && !_held.Contains(target))
        {
            _coverage.Add(Covered.CancelsWon);
            bool first = _random.OneIn(2);
            if (first)
                Post(target, -Errno.ECANCELED);
            Post(cancel, 0);
            if (!first)
                Post(target, -Errno.ECANCELED);
        }
        else if (target.IsInWorker)
        {
            // The worker is interrupted and may notice.
            if (_random.OneIn(2) && target.Transfers)
                target.Result = -Errno.EINTR;
            Lose(cancel, -Errno.EALREADY);
        }
        else
        {
            Lose(cancel, -Errno.ENOENT);
        }
    }

    private void Lose(KernelOperation cancel, int result)
    {
        _coverage.Add(Covered.CancelsLost);
        Post(cancel, result);
    }
}
