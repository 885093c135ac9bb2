using System.Runtime.CompilerServices;
using DmIoUring.Devices;
using DmIoUring.Drivers;
using DmIoUring.Engine;
using DmIoUring.Memory;

namespace DmIoUring.Submission;

/// <summary>Submits requests to an engine on the owning thread: a reactor's owner, or a callback on its own lane. Never waits.</summary>
internal sealed unsafe class OwnerSubmission(IoEngine engine, PagePool pages, int chunkBytes)
{
    private readonly RequestSource _source = new(engine, pages);
    private readonly RequestFreeList _freeRequests = engine.FreeRequests!;
    private readonly SharedPins _pins = new();
    private readonly DeviceTable _devices = engine.Devices!;

    /// <summary>
    /// The fast path, for a read or a write with contiguous memory and default options: it writes the entries into the ring's queue without making a
    /// <see cref="RequestSpec"/>.
    /// </summary>
    /// <returns>Whether it was submitted; otherwise use <see cref="Submit(in RequestSpec)"/>, which submits it or throws.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TrySubmitFast<TCallback>(
        IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, in IoRequestOptions options, TCallback callback)
        where TCallback : struct, IRequestCallback
    {
        if (!options.IsDefault)
            return false;
        if (!buffer.IsRawPointer)
        {
            return buffer.Kind == IoBufferKind.Native
                ? TrySubmitFastOwned(operation, regions, buffer, callback)
                : TrySubmitFastPinned(operation, regions, buffer, callback);
        }

        return TrySubmitFast(operation, regions, buffer.Pointer, buffer.Length, callback);
    }

    /// <summary>The fast path for memory that the caller keeps allocated, without an <see cref="IoBuffer"/>.</summary>
    /// <inheritdoc cref="TrySubmitFast{TCallback}(IoOperation, ReadOnlySpan{IoRegion}, in IoBuffer, in IoRequestOptions, TCallback)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TrySubmitFast<TCallback>(IoOperation operation, ReadOnlySpan<IoRegion> regions, byte* memory, long length, TCallback callback)
        where TCallback : struct, IRequestCallback
    {
        if (!Admission.IsFast(operation, regions, memory, length, _devices, chunkBytes))
            return false;
        Request request = _freeRequests.Take();
        if (TryAcceptFast(request, operation, regions, memory, callback))
            return true;
        _freeRequests.Put(request);
        return false;
    }

    /// <summary>Submits a request with a callback by the slow path.</summary>
    /// <exception cref="ArgumentException">The request is invalid.</exception>
    /// <exception cref="InvalidOperationException">A stable copy finds no free pages.</exception>
    /// <exception cref="ObjectDisposedException">A device or the buffer was disposed.</exception>
    public void Submit(in RequestSpec spec) => SubmitSlow(spec, WaitRule.Never);

    /// <summary>As <see cref="Submit(in RequestSpec)"/>, but fails when the reserve is exhausted.</summary>
    public bool TrySubmit(in RequestSpec spec) => SubmitSlow(spec, WaitRule.Try);

    /// <summary>Submits a request whose end is awaited.</summary>
    /// <inheritdoc cref="Submit(in RequestSpec)" path="/exception"/>
    public ValueTask<IoResult> SubmitTask(in RequestSpec spec, bool inline, Action notifyCancelled, CancellationToken cancellation)
    {
        Request request = PendingRequest.Admit(_source, spec, WaitRule.Never)!;
        ValueTask<IoResult> task = request.EndWithTask(inline, notifyCancelled, cancellation);
        Accept(request);
        return task;
    }

    /// <summary>Submits all of a batch, or, when one is refused, none.</summary>
    /// <inheritdoc cref="Submit(in RequestSpec)" path="/exception"/>
    public void Submit(ReadOnlySpan<IoRequest> requests)
    {
        foreach (ref readonly IoRequest request in requests)
            request.Check(_source.Home);

        // From here on only a stable copy can be refused, for want of pages.
        using PendingBatch copies = new(_source);
        foreach (ref readonly IoRequest request in requests)
        {
            if (request.AsksForStableCopy)
                copies.TryAdd(request.Spec, WaitRule.Never);
        }

        foreach (ref readonly IoRequest request in requests)
        {
            if (!request.AsksForStableCopy && !TrySubmitFast(request.Spec))
                Submit(request.Spec);
        }

        Request? oldest = Inbox.OldestFirst(copies.TakeAll(out _));
        for (Request? next; oldest is not null; oldest = next)
        {
            next = oldest.Next;
            Accept(oldest);
        }
    }

    /// <inheritdoc cref="TrySubmitFast{TCallback}(IoOperation, ReadOnlySpan{IoRegion}, in IoBuffer, in IoRequestOptions, TCallback)"/>
    public bool TrySubmitFast(in RequestSpec spec)
    {
        if (spec.Operation > IoOperation.Write)
            return false;
        return spec.Notify is { } notify
            ? TrySubmitFast(spec.Operation, spec.Regions, spec.Buffer, spec.Options, new NotifyCallback(notify, spec.Context))
            : TrySubmitFast(spec.Operation, spec.Regions, spec.Buffer, spec.Options, new CompletedCallback(spec.Completed!, spec.Context, spec.Tag));
    }

    /// <summary>The fast path for <see cref="IoMemory"/>, whose address is known before it is pinned.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TrySubmitFastOwned<TCallback>(IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, TCallback callback)
        where TCallback : struct, IRequestCallback
    {
        byte* memory = buffer.Pointer;
        if (!Admission.IsFast(operation, regions, memory, buffer.Length, _devices, chunkBytes))
            return false;
        Request request = _freeRequests.Take();
        if (request.TryPin(buffer.Owner!, _pins))
        {
            if (TryAcceptFast(request, operation, regions, memory, callback))
                return true;
            request.Release();
        }

        _freeRequests.Put(request);
        return false;
    }

    /// <summary>The fast path for memory that must be kept while the request is under way.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TrySubmitFastPinned<TCallback>(IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, TCallback callback)
        where TCallback : struct, IRequestCallback
    {
        if (!buffer.MayBeContiguous || (operation == IoOperation.Read && buffer.IsReadOnly))
            return false;
        Request request = _freeRequests.Take();
        if (request.TryPinContiguous(buffer, _pins, out byte* memory))
        {
            if (Admission.IsFast(operation, regions, memory, buffer.Length, _devices, chunkBytes)
                && TryAcceptFast(request, operation, regions, memory, callback))
            {
                return true;
            }

            request.Release();
        }

        _freeRequests.Put(request);
        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryAcceptFast<TCallback>(Request request, IoOperation operation, ReadOnlySpan<IoRegion> regions, byte* memory, TCallback callback)
        where TCallback : struct, IRequestCallback
    {
        request.PrepareFast(operation, regions.Length, memory);
        callback.SetOn(request, regions);
        if (!engine.TryAcceptFast(request, operation, regions, memory))
        {
            // No room: the slow path queues the request.
            request.Reset();
            return false;
        }

        return true;
    }

    private bool SubmitSlow(in RequestSpec spec, WaitRule rule)
    {
        if (PendingRequest.Admit(_source, spec, rule) is not { } request)
            return false;
        request.EndWith(spec);
        Accept(request);
        return true;
    }

    private void Accept(Request request) => engine.Accept(request);
}
