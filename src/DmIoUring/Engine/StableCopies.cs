namespace DmIoUring.Engine;

/// <summary>What a private copy of a buffer takes.</summary>
internal static class StableCopies
{
    public static bool IsAsked(in IoBuffer buffer, in IoRequestOptions options) =>
        (options.Flags & IoFlags.StableCopy) != 0 && buffer.Length > 0;

    public static int Pages(in IoBuffer buffer) => checked((int)((buffer.Length + PageList.PageSize - 1) / PageList.PageSize));

    public static InvalidOperationException NoPages(int pages) => new(
        $"A stable copy takes {pages} pages, which are not free now, and a callback, or a reactor, can't wait for them. Reserve more, or submit later.");
}
