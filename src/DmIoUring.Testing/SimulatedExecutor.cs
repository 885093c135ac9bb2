using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Testing;

/// <summary>Hands the entries of one ring to the disks of a simulation, those that come together in an order that the seed decides.</summary>
internal sealed unsafe class SimulatedExecutor(StorageSimulation simulation, Seeded order) : EntryExecutor
{
    private readonly List<WorkItem> _batch = [];
    private Seeded _order = order;

    public override int AtOnce => int.MaxValue;

    public override void AddReference()
    {
    }

    public override void Release()
    {
    }

    public override void Submit(WorkItem item)
    {
        item.State = WorkItemState.Running;
        _batch.Add(item);
    }

    public override void Submitted()
    {
        try
        {
            for (int left = _batch.Count; left > 0; left--)
            {
                // Nothing is drawn for a single one: how many come together may depend on time, where only one can come it does not.
                int next = left == 1 ? 0 : _order.Below(left);
                WorkItem item = _batch[next];
                _batch[next] = _batch[left - 1];
                Execute(item);
            }
        }
        finally
        {
            // None of them may be handed on twice.
            _batch.Clear();
        }
    }

    /// <summary>What a disk has, it has.</summary>
    public override bool TryTakeBack(WorkItem item) => false;

    public override int Execute(in IoUringSqe entry)
    {
        fixed (IoUringSqe* pinned = &entry)
        {
            if (SimulatedCall.Of(item: null, pinned) is not { } call)
                return -Errno.EINVAL;
            simulation.Execute(call, entry, item: null);
            return call.Wait();
        }
    }

    private void Execute(WorkItem item)
    {
        SimulatedCall? call;
        try
        {
            call = SimulatedCall.Of(item, item.Entry);
        }
        catch (OutOfMemoryException)
        {
            item.Result = -Errno.ENOMEM;
            item.Owner.Complete(item);
            return;
        }

        simulation.Execute(call, *item.Entry, item);
    }
}
