import { invalidParameter } from "./parameter.ts";

/** No transaction can have been started, so no id is one (reference 7.5). @throws OTSParameterInvalid */
export function refuseTransaction(id: string | undefined): void {
  if (id !== undefined && id !== "") invalidParameter("TransactionID is invalid.");
}
