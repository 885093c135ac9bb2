using System.Runtime.CompilerServices;
using DmIoUring.Devices;
using DmIoUring.Drivers;
using DmIoUring.Engine;
using DmIoUring.Memory;

namespace DmIoUring.Submission;

/// <summary>The way in for the thread that owns an engine: a reactor's owner, or a callback on its own lane. Never waits, no hand-over.</summary>
internal sealed unsafe class OwnerSubmission(IoEngine engine, PagePool pages, int chunkBytes)
{
    private readonly RequestSource _source = new(engine, pages);
    private readonly RequestSpares _spares = engine.Spares!;
    private readonly DeviceTable _devices = engine.Devices!;

    /// <summary>Requests that the engine was given here.</summary>
    public long Submitted { get; private set; }

    /// <summary>
    /// The fast path, from the call into the ring's queue: for a read or a write from or to a raw pointer that asks for nothing special. What it
    /// takes is not even put together as a <see cref="RequestSpec"/>.
    /// </summary>
    /// <returns>Whether it was submitted; otherwise <see cref="Submit(in RequestSpec)"/> carries it, or says what is wrong with it.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryStart(
        IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, in IoRequestOptions options, IoNotify notify, object? context) =>
        buffer.IsRawPointer
        && options.IsDefault
        && Admission.IsFast(operation, regions, buffer.Pointer, buffer.Length, _devices, chunkBytes)
        && TryStart(_spares.Take(), operation, regions, buffer.Pointer, notify, context);

    /// <summary>Submits a request with a callback, its memory whatever it is.</summary>
    /// <exception cref="ArgumentException">The request is invalid.</exception>
    /// <exception cref="InvalidOperationException">A stable copy finds no free pages.</exception>
    /// <exception cref="ObjectDisposedException">A device or the buffer was disposed.</exception>
    public void Submit(in RequestSpec spec)
    {
        Request? taken = null;
        if (!MayStart(spec) || !TryStart(spec, out taken))
            SubmitFull(spec, WaitRule.Never, taken);
    }

    /// <summary>As <see cref="Submit(in RequestSpec)"/>, unless the reserve is out.</summary>
    public bool TrySubmit(in RequestSpec spec) => SubmitFull(spec, WaitRule.Try, taken: null);

    /// <summary>Submits a request whose end is awaited.</summary>
    /// <inheritdoc cref="Submit(in RequestSpec)" path="/exception"/>
    public ValueTask<IoResult> SubmitTask(in RequestSpec spec, bool inline, Action lookForStops, CancellationToken cancellation)
    {
        Request request = PendingRequest.Admit(_source, spec, WaitRule.Never)!;
        ValueTask<IoResult> task = request.EndWithTask(inline, lookForStops, cancellation);
        Accept(request);
        return task;
    }

    /// <summary>Submits all of a batch, or, when one is refused, none.</summary>
    /// <inheritdoc cref="Submit(in RequestSpec)" path="/exception"/>
    public void Submit(ReadOnlySpan<IoRequest> requests)
    {
        foreach (ref readonly IoRequest request in requests)
            request.Check();

        // All that can be refused from here on is a stable copy without pages.
        using PendingBatch copies = new(_source);
        foreach (ref readonly IoRequest request in requests)
        {
            if (request.AsksForStableCopy)
                copies.TryAdd(request.Spec, WaitRule.Never);
        }

        foreach (ref readonly IoRequest request in requests)
        {
            if (!request.AsksForStableCopy)
                Submit(request.Spec);
        }

        Request? oldest = Inbox.OldestFirst(copies.TakeAll(out _));
        for (Request? next; oldest is not null; oldest = next)
        {
            next = oldest.Next;
            Accept(oldest);
        }
    }

    /// <summary>Whether a request may be one for the fast path, as far as its regions and its memory's address are not concerned.</summary>
    public static bool MayStart(in RequestSpec spec) =>
        spec.Operation <= IoOperation.Write
        && spec.Options.IsDefault
        && spec.Buffer.MayBeOnePiece
        && (spec.Operation == IoOperation.Write || !spec.Buffer.IsReadOnly);

    /// <summary>The fast path for memory that must be kept while the request is under way.</summary>
    /// <param name="spec">A request of which <see cref="MayStart"/> is true.</param>
    /// <param name="taken">A request that was taken and not used, for the full path; it keeps nothing.</param>
    /// <returns>Whether it was submitted.</returns>
    /// <exception cref="ObjectDisposedException">The buffer was disposed.</exception>
    public bool TryStart(in RequestSpec spec, out Request? taken)
    {
        taken = _spares.Take();
        bool isStarted = false;
        bool isKept = false;
        try
        {
            byte* memory = taken.KeepOnePiece(spec.Buffer);
            isKept = true;
            isStarted = memory is not null
                && Admission.IsFast(spec.Operation, spec.Regions, memory, spec.Buffer.Length, _devices, chunkBytes)
                && TryStart(taken, spec.Operation, spec.Regions, memory, spec.Notify!, spec.Context, isKept: true);
        }
        finally
        {
            if (!isStarted)
                taken.Release();
            if (!isKept)
                _source.Return(taken);
        }

        return isStarted;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryStart(
        Request request, IoOperation operation, ReadOnlySpan<IoRegion> regions, byte* memory, IoNotify notify, object? context, bool isKept = false)
    {
        request.PrepareStarted(operation, regions.Length, memory, notify, context);
        if (!engine.TryStart(request, operation, regions, memory))
        {
            // No room: the full path waits for it, with this same request.
            request.Reset();
            if (!isKept)
                _spares.Give(request);
            return false;
        }

        Submitted++;
        return true;
    }

    private bool SubmitFull(in RequestSpec spec, WaitRule rule, Request? taken)
    {
        if (PendingRequest.Admit(_source, spec, rule, taken) is not { } request)
            return false;
        request.EndWith(spec.Notify!, spec.Context);
        Accept(request);
        return true;
    }

    private void Accept(Request request)
    {
        engine.Accept(request);
        Submitted++;
    }
}
