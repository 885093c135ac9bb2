using System.Collections.Concurrent;

namespace DmIoUring.Cli.Stress;

/// <summary>One thread: draws operations, keeps some under way, and checks each when it has ended.</summary>
internal sealed class StressWorker : IDisposable
{
    private const int MostReservations = 3;

    private readonly StressRun _run;
    private readonly OperationDrawer _drawer;
    private readonly Stack<StressSlot> _free = [];
    private readonly BlockingCollection<StressSlot> _ended = [];
    private readonly Queue<PageReservation> _reservations = [];
    private readonly Outcomes _outcomes;
    private readonly Thread _thread;
    private StressOperation? _current;
    private int _underWay;
    private int _holdingPages;

    public StressWorker(StressRun run, int number)
    {
        _run = run;
        _outcomes = new Outcomes(run);
        LegShape[] shapes = [.. run.Legs.Select(leg => leg.Shape)];
        _drawer = new OperationDrawer(run.Plan.Seed, number, shapes);
        int capacity = OperationDrawer.MostSectors(shapes) * IoRegion.SectorSize;
        for (int i = 0; i < run.Plan.Depth; i++)
            _free.Push(new StressSlot(run, capacity, _ended.Add));
        _thread = new Thread(Work) { Name = FormattableString.Invariant($"stress {number}"), IsBackground = true };
    }

    public void Start() => _thread.Start();

    /// <summary>Waits for the thread's end; that a call does not return is reported.</summary>
    public void Join()
    {
        // Longer than the thread itself waits for what is under way.
        if (_thread.Join(StressRun.Patience * 1.5))
            return;
        _run.Report(new Finding
        {
            Kind = FindingKind.NeverEnded,
            Message = $"{_thread.Name}: a call has not returned in {StressRun.Patience * 1.5}.",
            Operation = _current?.Describe(_run.Legs),
        });
    }

    public void Dispose()
    {
        if (_thread.IsAlive)
            return;

        // What has not ended keeps its memory: the kernel may still write to it.
        foreach (StressSlot slot in _free)
            slot.Dispose();
        if (_underWay == 0)
            _ended.Dispose();
    }

    private void Work()
    {
        try
        {
            while (!_run.IsStopping)
            {
                while (_ended.TryTake(out StressSlot? slot))
                    Finish(slot);
                if (_free.Count == 0)
                    FinishOne();
                else
                    Step(_drawer.Next());
            }

            while (_underWay > 0 && FinishOne())
            {
            }

            foreach (PageReservation reservation in _reservations)
                reservation.Dispose();
        }
#pragma warning disable CA1031 // Whatever it is, it is a finding, and the other threads have to end.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _run.Report(exception, _thread.Name!);
        }
    }

    private void Step(StressOperation operation)
    {
        _current = operation;
        SeededSequence random = new(operation.Luck);
        switch (operation.Kind)
        {
            case OperationKind.Reserve:
                Reserve(operation.Client, ref random);
                break;
            case OperationKind.RenewClient:
                _run.Clients.Renew(operation.Client, _run.Legs[0].Device, ref random);
                break;
            default:
                Submit(operation);
                return;
        }

        _run.Progress.AddOperation(operation.Kind);
    }

    private void Submit(StressOperation operation)
    {
        StressSlot slot = _free.Pop();
        if (!slot.TryClaim(operation))
        {
            _free.Push(slot);
            _run.Progress.AddLeftOut();
            return;
        }

        _underWay++;

        // Who waits for pages holds none: nobody waits for it.
        bool mayWait = _holdingPages == 0;
        slot.Start(mayWait);
        if (slot.Buffer.HoldsPages)
            _holdingPages++;
    }

    /// <summary>Takes a reservation, or returns the oldest: pages and requests come and go under those who use them.</summary>
    private void Reserve(int client, ref SeededSequence random)
    {
        if (_reservations.Count == MostReservations || (_reservations.Count > 0 && random.OneIn(2)))
        {
            _reservations.Dequeue().Dispose();
            return;
        }

        try
        {
            // The narrow one stays narrow: with less reserved than is under way, its submitters wait.
            int pages = client == StressClients.Narrow ? 1 + random.Below(2) : 16 + random.Below(256);
            _reservations.Enqueue(_run.Clients[client].Reserve(pages));
        }
        catch (ObjectDisposedException)
        {
            // Its successor has been made meanwhile; the next one will do.
        }
    }

    /// <summary>Waits for the next to end. False when none did, which is reported.</summary>
    private bool FinishOne()
    {
        if (_ended.TryTake(out StressSlot? slot, StressRun.Patience))
        {
            Finish(slot);
            return true;
        }

        _run.Report(new Finding
        {
            Kind = FindingKind.NeverEnded,
            Message = $"{_thread.Name}: none of {_underWay} requests ended in {StressRun.Patience}.",
        });
        return false;
    }

    private void Finish(StressSlot slot)
    {
        if (slot.Buffer.HoldsPages)
            _holdingPages--;
        _outcomes.Settle(slot);
        slot.End();
        _underWay--;
        _free.Push(slot);
    }
}
