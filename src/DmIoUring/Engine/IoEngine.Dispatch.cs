using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DmIoUring.Interop;

namespace DmIoUring.Engine;

/// <content>Completions.</content>
internal sealed unsafe partial class IoEngine<TRing>
{
    /// <summary>The second half of a turn: deals with every completion that is there. Callbacks run in here and may submit.</summary>
    public void Dispatch()
    {
        while (true)
        {
            int count = _ring.Take(_taken);
            for (int i = 0; i < count; i++)
            {
                ref readonly IoUringCqe completion = ref _taken[i];
                uint index = (uint)completion.user_data;
                if (index < (uint)_owners.Length)
                    Complete((int)index, (uint)(completion.user_data >> 32), completion.res);
                else
                    WakeArrived(completion);
            }

            if (count < _taken.Length)
                return;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Complete(int index, uint generation, int result)
    {
        Chunk* chunk = &_chunks[index];
        if (chunk->Generation != generation)
        {
            Counters.Stale++;
            return;
        }

        if (result == (int)chunk->Length)
            End(index);
        else
            CompleteOtherwise(index, result);
    }

    /// <summary>Anything but a whole transfer.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void CompleteOtherwise(int index, int result)
    {
        Chunk* chunk = &_chunks[index];
        TransferVerdict verdict = TransferRules.Judge(result, chunk->Length, chunk->Alignment, ref chunk->Attempts);
        switch (verdict.Step)
        {
            case TransferStep.Continue:
                Counters.ShortTransfers++;
                chunk->Offset += verdict.Advance;
                chunk->Buffer += verdict.Advance;
                chunk->Length -= verdict.Advance;
                Reissue(index, 0);
                break;

            case TransferStep.Again:
                Counters.Retries++;
                Reissue(index, verdict.Delay);
                break;

            case TransferStep.Fail:
                Request request = _owners[index]!;
                request.Fail(chunk->Region, chunk->Offset / IoRegion.SectorSize, verdict.Errno, verdict.Cause);
                if (request.Operation == IoOperation.Read)
                    NativeMemory.Clear(chunk->Buffer, chunk->Length);
                End(index);
                break;

            default:
                End(index);
                break;
        }
    }

    /// <summary>Puts a chunk on its way again under a new generation: the completion that led here is spent.</summary>
    private void Reissue(int index, long delay)
    {
        Chunk* chunk = &_chunks[index];
        chunk->Generation++;
        if (delay == 0)
        {
            _again.Append(index);
            return;
        }

        chunk->Due = _ring.Now + delay;
        _delayed.Append(index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void End(int index)
    {
        Request request = _owners[index]!;
        _owners[index] = null;
        _chunks[index].Generation++;
        _free.Prepend(index);
        InFlight--;
        Finish(request);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Finish(Request request)
    {
        if (--request.Pending != 0)
            return;
        Counters.Requests++;
        request.Complete();
    }

    private void WakeArrived(in IoUringCqe completion)
    {
        if ((completion.flags & IoUring.IORING_CQE_F_MORE) != 0)
            return;
        _wakeIsArmed = false;
        if (completion.res < 0)
            throw new InvalidOperationException($"Polling the lane's eventfd failed with {Errno.Name(-completion.res)}.");
    }

    private void ReleaseDueChunks()
    {
        long now = _ring.Now;
        ChunkList waiting = _delayed.TakeAll();
        while (!waiting.IsEmpty)
        {
            int chunk = waiting.RemoveFirst();
            if (_chunks[chunk].Due <= now)
                _again.Append(chunk);
            else
                _delayed.Append(chunk);
        }
    }

    private long TimeUntilDue()
    {
        long due = long.MaxValue;
        for (int chunk = _delayed.First; chunk >= 0; chunk = _chunks[chunk].Next)
            due = Math.Min(due, _chunks[chunk].Due);
        return Math.Max(due - _ring.Now, 0);
    }
}
