using System.Diagnostics;
using System.Runtime.CompilerServices;
using DmIoUring.Devices;

namespace DmIoUring.Engine;

/// <content>Requests that wait for their device: it has as many chunks as it takes at once.</content>
/// <remarks>
/// <para>A device's queue has so many places (<see cref="DeviceGeometry.QueueDepth"/>). An entry beyond them is not refused: the kernel gives it to a worker
/// thread that waits for a place (io_queue_async, io_uring/io_uring.c; blk_mq_get_tag, block/blk-mq-tag.c), which costs more than the transfer. So
/// chunks beyond them wait here, in the order in which they came.</para>
/// <para>Requests wait in a list for each slot of the device table, behind the place at which the request is split. They count as queued. Devices
/// that have room again, and requests that wait for it, are served in turn, before requests that have just come.</para>
/// </remarks>
internal sealed unsafe partial class IoEngine<TRing>
{
    private readonly RequestList[] _waiting = [];

    /// <summary>The slots with waiting requests whose devices may have room again, one bit each.</summary>
    private readonly ulong[] _mayHaveRoom = new ulong[DeviceTable.Slots / 64];
    private int _waitingCount;

    /// <summary>The slot whose device had no room for the chunk that was to be issued last.</summary>
    private int _fullSlot = DeviceTable.NoSlot;

    /// <summary>The slot whose waiting requests are being served.</summary>
    private int _servedSlot = DeviceTable.NoSlot;
    private int _servedLast;

    /// <summary>Whether a device can't get another chunk now, or others wait for it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsFull(int slot)
    {
        if (slot == DeviceTable.NoSlot || (Devices!.HasRoom(slot, 1) && (_waitingCount == 0 || slot == _servedSlot || _waiting[slot].First is null)))
            return false;
        _fullSlot = slot;
        return true;
    }

    /// <summary>Whether the fast path may use a device: it has room for so many chunks and nobody waits for it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool HasRoom(BlockDevice device, int chunks)
    {
        int slot = DeviceTable.HomeSlotOf(device);
        return Devices!.MayUseFastPath(slot) && Devices.HasRoom(slot, chunks) && (_waitingCount == 0 || _waiting[slot].First is null);
    }

    /// <summary>A chunk of a device has ended.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void LeaveDevice(int slot)
    {
        Devices!.ExitChunk(slot);
        if (_waitingCount > 0)
            _mayHaveRoom[slot / 64] |= 1ul << (slot % 64);
    }

    /// <summary>Has a request, which is queued and in no list, wait for a device.</summary>
    private void WaitFor(int slot, Request request)
    {
        _waiting[slot].Append(request);
        _waitingCount++;
        Counters.DeviceWaits++;
    }

    /// <summary>Splits the requests that wait for devices which may have room again.</summary>
    /// <returns>False when free slots or the ring's entries are used up.</returns>
    private bool IssueWaiting()
    {
        // From the slot after the one that was served last: where places are few, each device gets some.
        int first = _servedLast + 1;
        for (int i = 0; i < DeviceTable.Slots && _waitingCount > 0; i++)
        {
            int slot = (first + i) & (DeviceTable.Slots - 1);
            ref ulong word = ref _mayHaveRoom[slot / 64];
            if (word == 0)
            {
                i += 63 - (slot % 64);
                continue;
            }

            if ((word & (1ul << (slot % 64))) == 0)
                continue;
            if (!Serve(slot))
                return false;
            word &= ~(1ul << (slot % 64));
        }

        return true;
    }

    /// <summary>Splits requests that wait for a device until it is full, or none waits.</summary>
    /// <returns>False when free slots or the ring's entries are used up.</returns>
    private bool Serve(int slot)
    {
        _servedLast = slot;
        while (_waiting[slot].First is { } request)
        {
            _servedSlot = slot;
            _fullSlot = DeviceTable.NoSlot;
            bool isSplit = Split(request);
            _servedSlot = DeviceTable.NoSlot;
            if (!isSplit && (_fullSlot == DeviceTable.NoSlot || _fullSlot == slot))
                return _fullSlot == slot;
            _waiting[slot].RemoveFirst();
            _waitingCount--;
            if (isSplit)
                LeaveQueued(request);
            else
                WaitFor(_fullSlot, request);
        }

        return true;
    }

    /// <summary>A request that was queued is completely split.</summary>
    private void LeaveQueued(Request request)
    {
        request.IsQueued = false;
        if (request.Pending > 1)
        {
            Finish(request);
            return;
        }

        // It ends here: the kernel had nothing of it. Its callback is not one of a dispatch.
        long before = BeginBusy(Stopwatch.GetTimestamp());
        Finish(request);
        EndBusy(before, Stopwatch.GetTimestamp());
    }

    /// <summary>Removes a queued request from the list that it waits in.</summary>
    private void StopWaiting(Request request)
    {
        for (int slot = 0; slot < _waiting.Length; slot++)
        {
            if (!_waiting[slot].TryRemove(request))
                continue;
            _waitingCount--;
            return;
        }
    }

    /// <summary>Moves all requests that wait for devices to the queue.</summary>
    private void RequeueWaiting()
    {
        for (int slot = 0; slot < _waiting.Length && _waitingCount > 0; slot++)
        {
            while (_waiting[slot].First is { } request)
            {
                _waiting[slot].RemoveFirst();
                _waitingCount--;
                _queue.Append(request);
            }
        }
    }
}
