using System.Globalization;
using DmIoUring.Devices;
using DmIoUring.Engine;
using DmIoUring.Memory;

namespace DmIoUring.Submission;

/// <summary>Where a way in takes requests and pages from, and gives back what it could not hand over.</summary>
/// <param name="Pages">The pool that stable copies are made in.</param>
internal abstract record RequestSource(PagePool Pages)
{
    /// <summary>The devices of the engine that the calling thread owns and hands the request to; null on any other thread.</summary>
    public virtual DeviceTable? Devices => null;

    /// <summary>Takes a request.</summary>
    /// <returns>Null only under <see cref="WaitRule.Try"/>.</returns>
    public abstract Request? Take(WaitRule rule);

    /// <summary>Takes back a request that was not handed over.</summary>
    public abstract void Return(Request request);

    /// <summary>Rents pages for a stable copy.</summary>
    /// <returns>False only under <see cref="WaitRule.Try"/>.</returns>
    /// <exception cref="InvalidOperationException">More than is reserved; or they are not free and the caller can't wait.</exception>
    public bool TryRent(int pages, WaitRule rule, out PageList list)
    {
        if (rule == WaitRule.Wait)
        {
            list = Pages.Rent(pages);
            return true;
        }

        if (Pages.TryRent(pages, out list))
            return true;

        // What the whole reserve can't hold never becomes free.
        Pages.ThrowIfHopeless(pages);
        return rule == WaitRule.Never
            ? throw new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture,
                $"A stable copy takes {pages} pages, which are not free now, and a callback, or a reactor, can't wait for them. Reserve more, or submit later."))
            : false;
    }

    /// <summary>The requests of a client, for any thread.</summary>
    internal sealed record OfPool(RequestPool Pool, PagePool Pages) : RequestSource(Pages)
    {
        public override Request? Take(WaitRule rule) => rule == WaitRule.Try
            ? Pool.TryTake(out Request? request) ? request : null
            : Pool.Take(mayWait: rule == WaitRule.Wait);

        public override void Return(Request request) => Pool.Return(request);
    }

    /// <summary>The requests that an engine's owner has at hand; for its own thread.</summary>
    internal sealed record OfOwner(IoEngine Engine, PagePool Pages) : RequestSource(Pages)
    {
        public override DeviceTable? Devices => Engine.Devices;

        public override Request? Take(WaitRule rule) => rule == WaitRule.Try
            ? Engine.Spares!.TryTake(out Request? request) ? request : null
            : Engine.Spares!.Take();

        public override void Return(Request request) => Engine.Spares!.Return(request);
    }

    /// <summary>The one request of a synchronous ring; for its thread.</summary>
    internal sealed record OfThread(Request Request, PagePool Pages) : RequestSource(Pages)
    {
        public override Request? Take(WaitRule rule) => Request;

        public override void Return(Request request)
        {
        }
    }
}
