import type { ServiceError } from "../wire/service-error.ts";

/** An answer of the service together with what was asked of whom: the service itself names only its request. */
export class PlacedError extends Error {
  readonly service: ServiceError;
  readonly place: string;

  constructor(service: ServiceError, place: string) {
    super(service.message, { cause: service });
    this.name = "PlacedError";
    this.service = service;
    this.place = service.requestId === undefined ? place : `${place}, request ${service.requestId}`;
  }
}
