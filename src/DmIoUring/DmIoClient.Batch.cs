using DmIoUring.Drivers;
using DmIoUring.Engine;

namespace DmIoUring;

/// <content>Several requests at once.</content>
public sealed partial class DmIoClient
{
    /// <summary>
    /// Submits requests together: they go to one lane by one hand-over, which wakes it once, and to the kernel by one call. In a callback they
    /// join what its lane hands over next, like any request that a callback submits.
    /// </summary>
    /// <param name="requests">The requests, not used after the call returns. They are not ordered among each other. None is fine.</param>
    /// <exception cref="ArgumentException">One of the requests can't be meant so; the message says what and why. None of them was submitted.</exception>
    /// <exception cref="ObjectDisposedException">
    /// The client, a device or a buffer was disposed. None was submitted, unless it happened while this call waited for requests past the reserve.
    /// </exception>
    /// <remarks>Past a reserve, this hands over what it has and waits for the rest in order of arrival; in a callback it never waits.</remarks>
    public void Submit(ReadOnlySpan<IoRequest> requests)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        foreach (ref readonly IoRequest request in requests)
            request.Check();
        Lane? here = LaneHere;
        Lane lane = NextLane(here);
        Request? latest = null;
        Request? oldest = null;
        foreach (ref readonly IoRequest asked in requests)
        {
            Request request;
            try
            {
                request = here is not null ? here.Spares.Take() : TakeForBatch(lane, ref latest, ref oldest);
                Prepare(request, here, asked.Operation, asked.Regions, asked.Buffer, asked.Options);
            }
            catch
            {
                GiveBackAll(latest, here);
                throw;
            }

            request.EndWith(asked.Notify, asked.Context);
            request.Next = latest;
            latest = request;
            oldest ??= request;
        }

        if (latest is null)
            return;
        if (here is not null)
            AcceptAll(here, latest);
        else
            SubmitAll(lane, latest, oldest!);
    }

    /// <summary>A request for a batch. Before it waits for one it hands over those that it has: one of them could be what it waits for.</summary>
    private Request TakeForBatch(Lane lane, ref Request? latest, ref Request? oldest)
    {
        if (_pool.TryTake(out Request? request))
            return request;
        if (latest is not null)
        {
            Request submitted = latest;
            latest = null;
            SubmitAll(lane, submitted, oldest!);
            oldest = null;
        }

        return _pool.Take(mayWait: true);
    }

    private void SubmitAll(Lane lane, Request latest, Request oldest)
    {
        bool taken = lane.Submit(latest, oldest);
        GC.KeepAlive(this);
        if (taken)
            return;
        GiveBackAll(latest, here: null);
        throw new ObjectDisposedException(nameof(DmIoClient));
    }

    private static void AcceptAll(Lane here, Request latest)
    {
        Request? oldest = Inbox.OldestFirst(latest);
        for (Request? next; oldest is not null; oldest = next)
        {
            next = oldest.Next;
            here.Accept(oldest);
        }
    }

    private void GiveBackAll(Request? latest, Lane? here)
    {
        for (Request? next; latest is not null; latest = next)
        {
            next = latest.Next;
            latest.Next = null;
            GiveBack(latest, here);
        }
    }
}
