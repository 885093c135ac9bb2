using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using DmIoUring.Interop;

namespace DmIoUring.Memory;

/// <summary>Throws for pages that the caller has not rented or can't rent.</summary>
internal static class PageMisuse
{
    [DoesNotReturn]
    public static void ThrowReturned(int pages, long rental) => throw new ObjectDisposedException(
        nameof(PageList), Text($"The page list (rental {rental}, {pages} pages) was returned to the pool and can't be used."));

    [DoesNotReturn]
    public static void ThrowReturnedTwice(int pages, long rental) => throw new InvalidOperationException(
        Text($"The page list (rental {rental}, {pages} pages) is returned a second time, perhaps through a copy."));

    [DoesNotReturn]
    public static void ThrowInFlight(int pages, long rental, long uses) => throw new InvalidOperationException(
        Text($"The page list (rental {rental}, {pages} pages) can't be returned: it is in flight, {uses} uses are under way."));

    [DoesNotReturn]
    public static void ThrowTooManyUses(int pages, long rental, long uses) => throw new InvalidOperationException(
        Text($"The page list (rental {rental}, {pages} pages) has {uses} uses under way and can't have more."));

    [DoesNotReturn]
    public static void ThrowNoSuchPage(int page, int count) =>
        throw new ArgumentOutOfRangeException(nameof(page), page, Text($"The list has {count} pages; they are counted from 0."));

    [DoesNotReturn]
    public static void ThrowNoSuchPart(string parameter, long value, string what, long limit) =>
        throw new ArgumentOutOfRangeException(parameter, value, Text($"The {what} must be 0 to {limit}."));

    /// <summary>The exception for a renter that can't wait, or can't continue to wait.</summary>
    public static InvalidOperationException CannotServe(PageWaiter waiter) => CannotServe(waiter.Outcome, waiter.Pages, waiter.Limit);

    public static InvalidOperationException CannotServe(WaitOutcome outcome, int pages, long limit) => outcome switch
    {
        WaitOutcome.Disposed => new ObjectDisposedException(nameof(PagePool), "The page pool was disposed, most likely with its client."),
        WaitOutcome.TooLong => new PageShortageException(Errno.EINVAL, Text(
            $"{pages} adjacent pages can't be had: {limit} is the most, however long one waits. Reserve that many at once, or rent less.")),
        _ => new PageShortageException(Errno.EINVAL, Text(
            $"{pages} pages can't be had: {limit} are reserved in total. Reserve more first, or rent less.")),
    };

    /// <summary>The exception for pages that are not free now, where the caller can't wait for them.</summary>
    public static InvalidOperationException NotFree(int pages) => new PageShortageException(Errno.EAGAIN, Text(
        $"A stable copy takes {pages} pages, which are not free now, and a callback, or a reactor, can't wait for them. Reserve more, or submit later."));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
